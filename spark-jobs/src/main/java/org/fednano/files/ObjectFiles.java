package org.fednano.files;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Object stores. An object appears whole when its stream closes, but this Hadoop has no exclusive create for them: two
 * writers can both succeed, the later one winning. So a published object is read again, which detects most conflicts, and
 * the scheduler must see to it that a run has one writer.
 */
public final class ObjectFiles extends HadoopFiles {

    public ObjectFiles(FileSystem fs, FaultInjector hook) {
        super(fs, hook);
    }

    @Override
    public boolean publish(Path target, byte[] content) throws IOException {
        if (exists(target)) {
            return false;
        }
        hook.before("link", target);
        try (FSDataOutputStream out = fs.create(target, false)) {
            out.write(content);
        } catch (FileAlreadyExistsException e) {
            return false;
        }
        return Arrays.equals(content, read(target));
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
        hook.before("rename", target);
        try (FSDataOutputStream out = fs.create(target, true)) {
            out.write(content);
        }
    }

    @Override
    public boolean publishFolder(Path staged, Path target, String last) throws IOException {
        if (exists(new Path(target, last))) {
            return false;
        }
        for (Path file : files(staged)) {
            Path relative = new Path(staged.toUri().relativize(file.toUri()));
            if (!relative.toString().equals(last)) {
                replace(new Path(target, relative), read(file));
            }
        }
        boolean published = publish(new Path(target, last), read(new Path(staged, last)));
        delete(staged);
        return published;
    }

    private List<Path> files(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (FileStatus status : fs.listStatus(folder)) {
            if (status.isDirectory()) {
                files.addAll(files(status.getPath()));
            } else {
                files.add(status.getPath());
            }
        }
        return files;
    }
}
