package org.fednano.optimizer;

/** A first-order optimiser with its state, over one flat vector. Not for concurrent use. */
public interface Optimizer {

    /**
     * One step.
     *
     * @param theta (d), changed in place
     * @param gradient (d), of the batch-mean loss; not changed
     */
    void step(float[] theta, float[] gradient);
}
