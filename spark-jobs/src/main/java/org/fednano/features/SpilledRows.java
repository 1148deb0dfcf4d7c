package org.fednano.features;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.fednano.algorithm.ClientData;
import org.fednano.sample.PromptFeatures;

/**
 * A client's training rows in a scratch file of its task: written once in shard order, read by position in any order.
 * The heap holds one row and eight bytes per row, whatever n_k. The file has no name once it is open (on POSIX systems),
 * so not even a killed executor leaves one behind. For one thread.
 */
public final class SpilledRows implements ClientData, AutoCloseable {

    private final FileChannel channel;
    private long[] offsets = new long[257];
    private int rows;

    private SpilledRows(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * @param folder local folder for the file
     */
    public static SpilledRows in(Path folder) {
        try {
            Files.createDirectories(folder);
            Path file = Files.createTempFile(folder, "fednano-rows-", ".bin");
            return new SpilledRows(FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE));
        } catch (IOException e) {
            throw new UncheckedIOException("No scratch file in " + folder + ": " + e.getMessage(), e);
        }
    }

    public void add(PromptFeatures row) {
        if (rows + 2 > offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * offsets.length);
        }
        ByteBuffer bytes = ByteBuffer.wrap(FeatureCodec.encode(row));
        long at = offsets[rows];
        offsets[rows + 1] = at + bytes.remaining();
        try {
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Writing row " + rows + " to the scratch file: " + e.getMessage(), e);
        }
        rows++;
    }

    @Override
    public int size() {
        return rows;
    }

    @Override
    public PromptFeatures row(int i) {
        if (i < 0 || i >= rows) {
            throw new IndexOutOfBoundsException("Row " + i + " of " + rows);
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(offsets[i + 1] - offsets[i]));
        try {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, offsets[i] + bytes.position()) < 0) {
                    throw new IOException("the file ends early");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Reading row " + i + " of the scratch file: " + e.getMessage(), e);
        }
        return FeatureCodec.decode(bytes.array());
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
