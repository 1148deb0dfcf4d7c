package org.fednano.features;

import java.nio.file.Path;
import java.util.Arrays;
import org.fednano.algorithm.ClientData;
import org.fednano.sample.PromptFeatures;

/**
 * A client's training rows in a scratch file: written once in shard order by one thread, then read by position in any order.
 * The heap holds one row and twelve bytes per row, whatever n_k. The file is the task's own, or that of {@link RowCache}.
 */
public final class SpilledRows implements ClientData, AutoCloseable {

    private final RowScratch scratch;
    private final boolean own;
    private long[] places = new long[256];
    private int[] lengths = new int[256];
    private int rows;
    private long cut;

    private SpilledRows(RowScratch scratch, boolean own) {
        this.scratch = scratch;
        this.own = own;
    }

    /** @param folder local folder for a file that is gone when these are closed */
    public static SpilledRows in(Path folder) {
        return new SpilledRows(RowScratch.in(folder), true);
    }

    /** Rows that stay where they are when these are closed. */
    static SpilledRows in(RowScratch shared) {
        return new SpilledRows(shared, false);
    }

    public void add(PromptFeatures row) {
        if (rows == places.length) {
            places = Arrays.copyOf(places, 2 * rows);
            lengths = Arrays.copyOf(lengths, 2 * rows);
        }
        byte[] bytes = FeatureCodec.encode(row);
        places[rows] = scratch.add(bytes);
        lengths[rows] = bytes.length;
        rows++;
    }

    /** Says how many of the rows' prompts were cut. */
    void cut(long prompts) {
        cut = prompts;
    }

    /** How many of the rows' prompts were cut. */
    public long cut() {
        return cut;
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
        return FeatureCodec.decode(scratch.read(places[i], lengths[i]));
    }

    @Override
    public void close() {
        if (own) {
            scratch.close();
        }
    }
}
