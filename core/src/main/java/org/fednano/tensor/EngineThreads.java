package org.fednano.tensor;

import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/** Threads of the tensor engine in this JVM; they decide how sums are split, so they are part of what repeats a run. */
public final class EngineThreads {

    private EngineThreads() {}

    /**
     * Must come before the engine is first used: it reads these properties once.
     *
     * @param automatic threads of one operation where {@link ModelKeys#THREADS} leaves it open
     */
    public static void apply(Settings settings, int automatic) {
        int threads = settings.get(ModelKeys.THREADS);
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threads == 0 ? automatic : threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    }
}
