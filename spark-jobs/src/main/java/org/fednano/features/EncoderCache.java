package org.fednano.features;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.fednano.encoder.NanoEdge;

/** Frozen client parts of this JVM: each built once, by its fingerprint, and shared by all tasks. */
public final class EncoderCache {

    private static final Map<String, NanoEdge> BUILT = new HashMap<>();
    private static int builds;

    private EncoderCache() {}

    /** The one of that fingerprint, built by the first task that asks while others wait. */
    static synchronized NanoEdge get(String fingerprint, Supplier<NanoEdge> make) {
        NanoEdge edge = BUILT.get(fingerprint);
        if (edge == null) {
            edge = make.get();
            builds++;
            BUILT.put(fingerprint, edge);
        }
        return edge;
    }

    /** Frees one in this JVM, when none of its tasks uses it any more. */
    static synchronized void drop(String fingerprint) {
        NanoEdge edge = BUILT.remove(fingerprint);
        if (edge != null) {
            edge.close();
        }
    }

    /** How often this JVM built one, over its whole life. */
    public static synchronized int builds() {
        return builds;
    }
}
