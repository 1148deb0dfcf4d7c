package org.fednano.merger;

import java.util.stream.IntStream;

/** Work on each coordinate by itself, shared among the cores where there are many: no result depends on how. */
final class Coordinates {

    /** Fewer are done before another core has begun. */
    private static final int FEW = 1 << 16;

    /** Accumulators of so many stay in a core's own cache while several clients are folded. */
    private static final int PIECE = 1 << 14;

    /** Work on coordinates from (inclusive) to (exclusive). */
    @FunctionalInterface
    interface Work {
        void on(int from, int to);
    }

    private Coordinates() {}

    /** Bytes of clients' vectors that wait at most. */
    private static final long WAITING = 64L << 20;

    /**
     * How many clients of d coordinates are best folded at once, so that sums pass through memory once for all of these.
     *
     * @param bytes of a client's vectors
     */
    static int together(int d, long bytes) {
        return d <= FEW ? 1 : (int) Math.max(1, WAITING / bytes);
    }

    /** Does the work on d coordinates. */
    static void each(int d, Work work) {
        if (d <= FEW) {
            work.on(0, d);
            return;
        }
        IntStream.range(0, (d + PIECE - 1) / PIECE)
                .parallel()
                .forEach(piece -> work.on(piece * PIECE, Math.min(d, (piece + 1) * PIECE)));
    }
}
