package org.fednano.algorithm;

import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.Codes;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Where a client's gradients come from: the frozen LLM, wherever it is. Pure: the same call has the same answer. */
@FunctionalInterface
public interface LossGradient {

    /**
     * Loss of each sample and its gradient with respect to the prompt's embeddings.
     *
     * @param prompts (B, T, H), NanoAdapters applied
     * @param answers (B, L), end token included
     * @param gradScale power of two that multiplies the gradients
     */
    Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale);

    /** How prompts are better brought to it. */
    default Wire wire() {
        return Wire.EMBEDDINGS;
    }

    /**
     * The same from features and codes. What answers only the above makes the embeddings first.
     *
     * @param wanted which gradients of W_up
     */
    default CodedResult lossGradient(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted) {
        Result result = lossGradient(Codes.embeddings(prompts), answers, gradScale);
        return new CodedResult(
                result.loss(), result.answerTokens(), Codes.gradients(prompts, result.gradient(), wanted));
    }

    /**
     * @param loss (B), as in {@link Result}
     * @param answerTokens (B)
     * @param gradients times gradScale
     */
    record CodedResult(float[] loss, int[] answerTokens, CodeGradients gradients) {}

    /**
     * @param loss (B), nats: mean negative log-likelihood of the sample's answer tokens
     * @param answerTokens (B), answer tokens counted
     * @param gradient (B, T, H): gradScale · d loss[b] / d embeds[b], zero on padding
     */
    record Result(float[] loss, int[] answerTokens, float[] gradient) {}
}
