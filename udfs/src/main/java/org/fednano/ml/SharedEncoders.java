package org.fednano.ml;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.fednano.encoder.EncoderSpec;
import org.fednano.encoder.HfVisionSpec;
import org.fednano.encoder.ModalityEncoder;

/**
 * Encoders of this JVM: each built once, by the first task that asks, and shared by all tasks. Those that no task uses stay
 * for the next stage, {@link #MOST_IDLE} of them; then the one that was used longest ago is freed.
 */
final class SharedEncoders {

    /** Encoders in native memory that no task uses, at most: what a pipeline of two encoders needs between its stages. */
    static final int MOST_IDLE = 2;

    private static final Map<Key, Entry> OPEN = new LinkedHashMap<>(16, 0.75f, true);
    private static int builds;

    private SharedEncoders() {}

    /** What decides an encoder's bits; weights by their digest, wherever its folder lies. */
    private record Key(List<String> identity, String configJson, int batchSize) {
        static Key of(EncoderSpec spec, int batchSize) {
            return new Key(spec.identity(), spec instanceof HfVisionSpec own ? own.configJson() : "", batchSize);
        }
    }

    private static final class Entry {
        private final ModalityEncoder encoder;
        private int users;

        Entry(ModalityEncoder encoder) {
            this.encoder = encoder;
        }
    }

    /** A task's hold on an encoder. */
    static final class Lease implements AutoCloseable {
        private final Entry entry;
        private boolean closed;

        private Lease(Entry entry) {
            this.entry = entry;
        }

        ModalityEncoder encoder() {
            return entry.encoder;
        }

        @Override
        public void close() {
            synchronized (SharedEncoders.class) {
                if (!closed) {
                    closed = true;
                    entry.users--;
                    freeIdle(MOST_IDLE);
                }
            }
        }
    }

    /** The encoder of that spec and batch size; others wait while it is built. */
    static synchronized Lease lease(EncoderSpec spec, int batchSize, Supplier<ModalityEncoder> build) {
        Key key = Key.of(spec, batchSize);
        Entry entry = OPEN.get(key);
        if (entry == null) {
            entry = new Entry(build.get());
            builds++;
            OPEN.put(key, entry);
        }
        entry.users++;
        return new Lease(entry);
    }

    /** Frees encoders that no task uses, but so many of them. */
    static synchronized void freeIdle(int most) {
        long idle = OPEN.values().stream().filter(e -> e.users == 0).count();
        for (Iterator<Entry> i = OPEN.values().iterator(); i.hasNext() && idle > most; ) {
            Entry entry = i.next(); // longest unused first
            if (entry.users == 0) {
                i.remove();
                entry.encoder.close();
                idle--;
            }
        }
    }

    /** How often this JVM built one, over its whole life. */
    static synchronized int builds() {
        return builds;
    }

    /** Encoders in native memory. */
    static synchronized int open() {
        return OPEN.size();
    }
}
