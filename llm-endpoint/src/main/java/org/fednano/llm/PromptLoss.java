package org.fednano.llm;

import java.util.Arrays;
import java.util.List;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Losses from prompt embeddings and, unless {@code gradScale} is 0, their gradients: {@link FrozenLlm#lossGradient}. */
public record PromptLoss(PromptBatch prompts, TokenBatch answers, float gradScale) implements LossCall<Result> {

    /** Losses alone: {@link FrozenLlm#loss}. */
    public PromptLoss(PromptBatch prompts, TokenBatch answers) {
        this(prompts, answers, 0);
    }

    @Override
    public Result on(FrozenLlm llm) {
        return withGradient() ? llm.lossGradient(prompts, answers, gradScale) : llm.loss(prompts, answers);
    }

    @Override
    public long heldBytes(int hidden) {
        long embeds = 4L * prompts.embeds().length;
        return embeds * (withGradient() ? 2 : 1) + 4L * answers.ids().length + 8L * samples();
    }

    @Override
    public long downBytes(Result answer) {
        return (withGradient() ? 4 * prompts.values() : 0) + 8L * samples();
    }

    @Override
    public <T> T match(Cases<T> cases) {
        return cases.loss(this);
    }

    @Override
    public PromptLoss part(int from, int to) {
        return new PromptLoss(prompts.part(from, to), answers.part(from, to), gradScale);
    }

    @Override
    public Result gather(List<Result> parts) {
        return new Result(
                LlmCall.concat(parts.stream().map(Result::loss).toList()),
                parts.stream()
                        .flatMapToInt(part -> Arrays.stream(part.answerTokens()))
                        .toArray(),
                withGradient()
                        ? LlmCall.concat(parts.stream().map(this::widened).toList())
                        : new float[0]);
    }

    /** A part's gradients, padded to this call's T. */
    private float[] widened(Result part) {
        int size = part.loss().length;
        int width = part.gradient().length / size / prompts.hidden();
        return PromptBatch.resized(part.gradient(), width, 0, size, prompts.tokens(), prompts.hidden());
    }

    @Override
    public boolean joins(LlmCall<?> other) {
        return other instanceof PromptLoss loss && loss.gradScale == gradScale;
    }

    @Override
    public PromptLoss join(List<? extends LlmCall<Result>> calls) {
        return new PromptLoss(
                PromptBatch.join(
                        calls.stream().map(c -> ((PromptLoss) c).prompts).toList()),
                TokenBatch.join(
                        calls.stream().map(c -> ((PromptLoss) c).answers).toList()),
                gradScale);
    }

    @Override
    public Result scatter(LlmCall<Result> joined, Result answer, int from) {
        int to = from + samples();
        int width = ((PromptLoss) joined).prompts.tokens();
        return new Result(
                Arrays.copyOfRange(answer.loss(), from, to),
                Arrays.copyOfRange(answer.answerTokens(), from, to),
                withGradient()
                        ? PromptBatch.resized(answer.gradient(), width, from, to, prompts.tokens(), prompts.hidden())
                        : new float[0]);
    }
}
