package org.fednano.shards;

import java.io.IOException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/** A file for Parquet's reader through a client's own file system; Parquet's own class would ask Hadoop for a shared one. */
record ClientInputFile(FileSystem files, FileStatus file) implements InputFile {

    @Override
    public long getLength() {
        return file.getLen();
    }

    @Override
    public SeekableInputStream newStream() throws IOException {
        return HadoopStreams.wrap(files.open(file.getPath()));
    }

    @Override
    public String toString() {
        return file.getPath().toString();
    }
}
