package org.fednano.tensor;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/** The native tensor engine of this JVM. */
public final class TensorEngine {

    private TensorEngine() {}

    /**
     * Starts the engine, once per JVM and before its first use; later calls change nothing. It never goes to the network.
     *
     * @param threads threads of one tensor operation; 0: as many as cores. Results repeat bit for bit only with the same
     *     number
     * @return threads in use, as far as this class set them
     */
    public static synchronized int start(int threads) {
        int wanted = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        // The engine reads these once, when its class loads.
        System.getProperties().putIfAbsent("ai.djl.offline", "true");
        System.getProperties().putIfAbsent("OPT_OUT_TRACKING", "true");
        System.getProperties().putIfAbsent("ai.djl.pytorch.num_threads", String.valueOf(wanted));
        System.getProperties().putIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
        Engine.getEngine("PyTorch");
        return Integer.getInteger("ai.djl.pytorch.num_threads");
    }

    private static final ThreadLocal<Boolean> LIMITED = ThreadLocal.withInitial(() -> {
        Integer threads = Integer.getInteger("ai.djl.pytorch.num_threads");
        if (threads != null) {
            JniUtils.setNumThreads(threads);
        }
        return true;
    });

    /**
     * Makes operations of this thread use as many threads as {@link #start} was told. The engine limits only the thread that
     * started it; in any other one, small matrix products would run on all cores, whose sums may differ in their last bits.
     */
    public static void limitThreads() {
        LIMITED.get();
    }
}
