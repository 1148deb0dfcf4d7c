package org.fednano.merger;

import java.util.stream.IntStream;

/** Work on each coordinate by itself, shared among the cores where there are many: no result depends on how. */
final class Coordinates {

    /** Fewer are done before another core has begun. */
    private static final int PIECE = 1 << 16;

    /** Work on coordinates from (inclusive) to (exclusive). */
    @FunctionalInterface
    interface Work {
        void on(int from, int to);
    }

    private Coordinates() {}

    static void each(int d, Work work) {
        if (d <= PIECE) {
            work.on(0, d);
            return;
        }
        IntStream.range(0, (d + PIECE - 1) / PIECE)
                .parallel()
                .forEach(piece -> work.on(piece * PIECE, Math.min(d, (piece + 1) * PIECE)));
    }
}
