package org.fednano.tensor;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/** The native tensor engine of this JVM. */
public final class TensorEngine {

    private static final String THREADS = "ai.djl.pytorch.num_threads";
    private static final ThreadLocal<Boolean> LIMITED = ThreadLocal.withInitial(() -> {
        JniUtils.setNumThreads(start(0));
        return true;
    });

    private static int threads; // of one operation, in every thread of this JVM; 0 until the engine has started

    private TensorEngine() {}

    /**
     * Starts the engine, once per JVM and before its first use; later calls change nothing. It never goes to the network.
     *
     * @param wanted threads of one tensor operation; 0: as many as cores. The system property {@code
     *     ai.djl.pytorch.num_threads} goes before it. Results repeat bit for bit only with the same number
     * @return threads in use
     */
    public static synchronized int start(int wanted) {
        if (threads == 0) {
            int count = wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
            // The engine reads these once, when its class loads.
            System.getProperties().putIfAbsent("ai.djl.offline", "true");
            System.getProperties().putIfAbsent("OPT_OUT_TRACKING", "true");
            System.getProperties().putIfAbsent(THREADS, String.valueOf(count));
            System.getProperties().putIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
            Engine.getEngine("PyTorch");
            threads = Integer.getInteger(THREADS);
        }
        return threads;
    }

    /**
     * Makes operations of the calling thread use as many threads as {@link #start} was told, and starts the engine where
     * nothing has. The engine limits only the thread that started it; in any other one, small matrix products would run on
     * all cores, whose sums may differ in their last bits. The number is that of the first start, whatever asks later: two
     * threads of one JVM never differ.
     */
    public static void limitThreads() {
        LIMITED.get();
    }
}
