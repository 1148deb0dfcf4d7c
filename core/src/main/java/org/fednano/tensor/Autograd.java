package org.fednano.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * Records operations of the thread that opens it, until it is closed there, so that their gradient can be taken.
 *
 * <p>Recording is a thread's own affair in libtorch. {@code Engine.newGradientCollector} of DJL 0.35 allows one per JVM by a
 * flag of its own, which would make clients that train side by side wait for each other; this does without.
 */
public final class Autograd implements AutoCloseable {

    private final boolean before = JniUtils.isGradMode();

    /** Begins to record. The engine must have been started. */
    public Autograd() {
        JniUtils.setGradMode(true);
    }

    /**
     * Adds the gradient of {@code target} to those of all arrays before it that require one. What was recorded is let go.
     *
     * @param target a single value
     */
    public void backward(NDArray target) {
        try (NDArray one = target.onesLike()) {
            JniUtils.backward((PtNDArray) target, (PtNDArray) one, false, false);
        }
    }

    @Override
    public void close() {
        JniUtils.setGradMode(before);
    }
}
