package org.fednano.llm;

import java.util.Arrays;
import org.fednano.sample.TokenBatch;

/** Losses of answers behind their prompts and, unless {@code gradScale} is 0, gradients. */
public sealed interface LossCall<R> extends PromptCall<R> permits PromptLoss, CodedLoss {

    /** (B, L), end token included. */
    TokenBatch answers();

    /** Power of two that multiplies the gradients; 0: losses alone. */
    float gradScale();

    /** Whether gradients are asked for. */
    default boolean withGradient() {
        return gradScale() != 0;
    }

    @Override
    default String op() {
        return LlmCall.op(withGradient() ? "loss_grad" : "loss", prompts());
    }

    @Override
    default int answerWidth() {
        return answers().length() - 1;
    }

    @Override
    default long realTokens() {
        long tokens = prompts().realTokens();
        for (int b = 0; b < answers().size(); b++) {
            tokens += Math.max(0, answers().count(b) - 1);
        }
        return tokens;
    }

    @Override
    default String shapes() {
        return op() + " of " + LlmCall.shape(prompts()) + ", L = " + answers().length();
    }

    @Override
    default boolean fits(int hidden) {
        return prompts().hidden() == hidden && answers().size() == samples();
    }

    @Override
    default long upBytes() {
        long ids = Arrays.stream(answers().ids())
                .filter(id -> id != TokenBatch.PAD)
                .count();
        return 4 * (prompts().values() + ids);
    }
}
