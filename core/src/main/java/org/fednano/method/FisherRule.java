package org.fednano.method;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.fednano.fisher.DiagonalFisher;

/** Clients that upload their diagonal Fisher F_k: the mean over rows of the squared gradient of a row's own loss. */
public sealed interface FisherRule extends ClientRule {

    /** Name of the upload. */
    String NAME = "fisher";

    /** Why products cannot be merged with it. */
    String OF_FACTORS = "a diagonal Fisher weighs coordinates of W_down and W_up, not of their product";

    @Override
    default List<Upload> uploads() {
        return List.of(new Upload(NAME, true));
    }

    /**
     * One more pass at θ_k once local training is over.
     *
     * @param rows of the pass, a seeded draw; 0: all
     */
    record AfterTraining(int rows) implements FisherRule {

        @Override
        public LocalRule begin(float[] theta, int epochs) {
            return new LocalRule() {
                @Override
                public Map<String, float[]> uploads(Pass pass) {
                    DiagonalFisher fisher = new DiagonalFisher(theta.length);
                    pass.over(rows, fisher);
                    return Map.of(NAME, fisher.mean());
                }
            };
        }

        @Override
        public int furtherRows(int n) {
            return rows == 0 ? n : Math.min(rows, n);
        }
    }

    /** From the gradients of the last local epoch, while θ_k still moves. */
    record InLastEpoch() implements FisherRule {

        @Override
        public LocalRule begin(float[] theta, int epochs) {
            DiagonalFisher fisher = new DiagonalFisher(theta.length);
            return new LocalRule() {
                @Override
                public Optional<Consumer<float[]>> samples(int epoch) {
                    return epoch == epochs ? Optional.of(fisher) : Optional.empty();
                }

                @Override
                public Map<String, float[]> uploads(Pass pass) {
                    return Map.of(NAME, fisher.mean());
                }
            };
        }
    }
}
