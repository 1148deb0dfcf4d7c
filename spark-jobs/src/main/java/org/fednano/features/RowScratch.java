package org.fednano.features;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A scratch file of pieces that are written once and read by place. It has no name once it is open (on POSIX systems), so not
 * even a killed executor leaves one behind. Threads may share it, and a task that is cancelled leaves it open: a channel would
 * be closed for all of them by the interrupt of one.
 */
final class RowScratch implements AutoCloseable {

    private final RandomAccessFile file;
    private long end;

    private RowScratch(RandomAccessFile file) {
        this.file = file;
    }

    /** @param folder local folder for the file */
    static RowScratch in(Path folder) {
        try {
            Files.createDirectories(folder);
            File name = Files.createTempFile(folder, "fednano-rows-", ".bin").toFile();
            RandomAccessFile file = new RandomAccessFile(name, "rw");
            if (!name.delete()) {
                name.deleteOnExit();
            }
            return new RowScratch(file);
        } catch (IOException e) {
            throw new UncheckedIOException("No scratch file in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Writes a piece; answers its place. */
    synchronized long add(byte[] piece) {
        long place = end;
        try {
            file.seek(place);
            file.write(piece);
        } catch (IOException e) {
            throw new UncheckedIOException("Writing a row to the scratch file: " + e.getMessage(), e);
        }
        end += piece.length;
        return place;
    }

    synchronized byte[] read(long place, int length) {
        byte[] piece = new byte[length];
        try {
            file.seek(place);
            file.readFully(piece);
        } catch (IOException e) {
            throw new UncheckedIOException("Reading a row of the scratch file: " + e.getMessage(), e);
        }
        return piece;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Closing the scratch file: " + e.getMessage(), e);
        }
    }
}
