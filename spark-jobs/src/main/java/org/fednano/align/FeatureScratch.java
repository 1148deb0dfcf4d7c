package org.fednano.align;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Features of media, each (N, D), in a file that is gone when it is closed: they may be more than fits into memory. */
final class FeatureScratch implements AutoCloseable {

    private final FileChannel channel;
    private final int values; // N·D
    private int count;

    FeatureScratch(int values) {
        this.values = values;
        try {
            Path file = Files.createTempFile("fednano-align", ".features");
            channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw new UncheckedIOException("Making a file for features: " + e.getMessage(), e);
        }
    }

    /** Adds N·D values of an array; answers their place. */
    int add(float[] features, int from) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(features, from, values);
        try {
            long at = 4L * values * count;
            while (bytes.hasRemaining()) {
                channel.write(bytes, at + bytes.position());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Keeping features: " + e.getMessage(), e);
        }
        return count++;
    }

    /** Reads what lies at a place to N·D values of an array. */
    void read(int place, float[] to, int offset) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values).order(ByteOrder.LITTLE_ENDIAN);
        try {
            long at = 4L * values * place;
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, at + bytes.position()) < 0) {
                    throw new IOException("the file of features ends early");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Reading features: " + e.getMessage(), e);
        }
        bytes.flip();
        bytes.asFloatBuffer().get(to, offset, values);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Closing the file of features: " + e.getMessage(), e);
        }
    }
}
