package org.fednano.llm;

import java.util.function.Consumer;
import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.Codes;
import org.fednano.algorithm.LossGradient;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * The port to one frozen causal LLM. It trains nothing and keeps no state between calls; every operation is pure, so a
 * call may be repeated at will. Implementations may be called from many threads.
 */
public interface FrozenLlm extends LossGradient, AutoCloseable {

    /** What it is and what it accepts. */
    LlmInfo info();

    /**
     * Rows of the token-embedding table.
     *
     * @param ids (N), each 0 to vocabulary − 1, or −1 for a row of zeros
     * @return (N, H), row-major
     */
    float[] embed(int[] ids);

    /** Losses alone: {@link #lossGradient} without the backward pass; its gradient is empty. */
    Result loss(PromptBatch prompts, TokenBatch answers);

    /**
     * Log-likelihood of each choice behind its prompt; the prompt runs once per sample.
     *
     * @param prompts (B, T, H)
     * @param choices (B)(C_b)(L): token ids of each sample's choices, end token included
     */
    Scores score(PromptBatch prompts, int[][][] choices);

    /**
     * Greedy continuation of each prompt.
     *
     * @param maxNew tokens at most
     * @return (B)(N_b): new token ids, without the end token
     */
    int[][] generate(PromptBatch prompts, int maxNew);

    /** Tells of features whenever they are sent somewhere, also again; the last who asks is told. */
    default void onFeaturesSent(Consumer<Features> told) {}

    /** {@link #loss} from features and codes; its gradients are empty. What answers embeddings only makes them first. */
    default CodedResult loss(CodedPrompts prompts, TokenBatch answers) {
        Result result = loss(Codes.embeddings(prompts), answers);
        return new CodedResult(result.loss(), result.answerTokens(), CodeGradients.NONE);
    }

    /** {@link #score} from features and codes. */
    default Scores score(CodedPrompts prompts, int[][][] choices) {
        return score(Codes.embeddings(prompts), choices);
    }

    /** {@link #generate} from features and codes. */
    default int[][] generate(CodedPrompts prompts, int maxNew) {
        return generate(Codes.embeddings(prompts), maxNew);
    }

    @Override
    void close();

    /**
     * @param logLikelihood (B)(C_b), nats: sum over the choice's tokens
     * @param tokens (B)(C_b): tokens in that sum
     */
    record Scores(double[][] logLikelihood, int[][] tokens) {
        /** The likeliest choice of sample b by the mean over its tokens. */
        public int best(int b) {
            int best = 0;
            for (int c = 1; c < logLikelihood[b].length; c++) {
                if (mean(b, c) > mean(b, best)) {
                    best = c;
                }
            }
            return best;
        }

        private double mean(int b, int c) {
            return logLikelihood[b][c] / tokens[b][c];
        }
    }
}
