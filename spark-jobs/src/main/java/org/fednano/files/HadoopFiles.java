package org.fednano.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/** What HDFS and object stores have in common, by Hadoop's FileSystem. */
abstract class HadoopFiles extends RunFiles {

    protected final FileSystem fs;

    protected HadoopFiles(FileSystem fs, FaultInjector hook) {
        super(hook);
        this.fs = fs;
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return fs.exists(path);
    }

    @Override
    public List<String> list(Path folder) throws IOException {
        try {
            return Arrays.stream(fs.listStatus(folder))
                    .map(s -> s.getPath().getName())
                    .sorted()
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    @Override
    public byte[] read(Path file) throws IOException {
        try (FSDataInputStream in = fs.open(file)) {
            return in.readAllBytes();
        }
    }

    @Override
    public void write(Path file, byte[] content) throws IOException {
        hook.before("write", file);
        try (FSDataOutputStream out = fs.create(file, false)) {
            int half = content.length / 2;
            out.write(content, 0, half);
            hook.before("write-rest", file);
            out.write(content, half, content.length - half);
            if (out.hasCapability(StreamCapabilities.HSYNC)) {
                out.hsync();
            }
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        hook.before("delete", path);
        fs.delete(path, true);
    }

    @Override
    public OptionalLong modifiedMillis(Path file) throws IOException {
        try {
            return OptionalLong.of(fs.getFileStatus(file).getModificationTime());
        } catch (FileNotFoundException e) {
            return OptionalLong.empty();
        }
    }
}
