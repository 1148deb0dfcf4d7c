package org.fednano.llm.server;

import java.util.EnumMap;
import java.util.Map;
import org.fednano.llm.Reason;

/** Of one reason only some lines are written in a while: what callers cause must not fill a disk. For many threads. */
final class LineBudget {

    static final int LINES = 10;
    private static final long WHILE_NANOS = 10_000_000_000L;

    private final Map<Reason, Lines> written = new EnumMap<>(Reason.class);

    private static final class Lines {
        private long since;
        private int count;
        private long leftOut;
    }

    /** How many lines of a reason were left out since the last one; -1 if this one is left out too. */
    synchronized long pass(Reason reason, long nanoTime) {
        Lines lines = written.computeIfAbsent(reason, r -> new Lines());
        if (lines.count == 0 || nanoTime - lines.since > WHILE_NANOS) {
            lines.since = nanoTime;
            lines.count = 0;
        }
        if (lines.count == LINES) {
            lines.leftOut++;
            return -1;
        }
        lines.count++;
        long leftOut = lines.leftOut;
        lines.leftOut = 0;
        return leftOut;
    }
}
