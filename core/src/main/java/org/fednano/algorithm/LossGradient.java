package org.fednano.algorithm;

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

    /**
     * @param loss (B), nats: mean negative log-likelihood of the sample's answer tokens
     * @param answerTokens (B), answer tokens counted
     * @param gradient (B, T, H): gradScale · d loss[b] / d embeds[b], zero on padding
     */
    record Result(float[] loss, int[] answerTokens, float[] gradient) {}
}
