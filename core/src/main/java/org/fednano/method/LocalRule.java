package org.fednano.method;

import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A method's part in one client's local training in one round. One thread; made anew for every attempt. */
public interface LocalRule {

    /** Does nothing. */
    LocalRule NOTHING = new LocalRule() {};

    /** One more pass over the client's rows at the tuned adapter θ_k. */
    @FunctionalInterface
    interface Pass {

        /**
         * Asks for the gradient of each row's own loss at θ_k.
         *
         * @param rows how many, a draw from the run's seed in shard order; 0, or more than there are: all
         * @param gradients takes each gradient (d), summed over the row's tokens; valid during the call only
         */
        void over(int rows, Consumer<float[]> gradients);
    }

    /**
     * What sees the gradient of each row as local training comes by: it takes (d), of this row's loss, summed over its tokens;
     * not to be changed, valid during the call only. Rows whose gradients nobody asks for cost less.
     *
     * @param epoch from 1 to E; asked once at its start
     * @return empty if gradients of batches are enough in this epoch
     */
    default Optional<Consumer<float[]>> samples(int epoch) {
        return Optional.empty();
    }

    /**
     * May change the gradient of a batch before the optimiser's step.
     *
     * @param theta θ_k (d) as it is; not to be changed
     * @param gradient (d), of the batch-mean loss; changed in place
     */
    default void step(float[] theta, float[] gradient) {}

    /**
     * What goes up beside the adapter, once local training is over.
     *
     * @return by name, d values each, as {@link ClientRule#uploads} says
     */
    default Map<String, float[]> uploads(Pass pass) {
        return Map.of();
    }
}
