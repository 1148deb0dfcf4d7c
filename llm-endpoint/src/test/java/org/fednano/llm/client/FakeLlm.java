package org.fednano.llm.client;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A sound LLM with something wrong in front of it or behind it. */
public final class FakeLlm implements FrozenLlm {

    public UnaryOperator<Result> gradient = UnaryOperator.identity();
    public UnaryOperator<Result> losses = UnaryOperator.identity();
    public UnaryOperator<Float> scale = UnaryOperator.identity();
    public UnaryOperator<PromptBatch> prompts = UnaryOperator.identity();
    public UnaryOperator<float[]> rows = UnaryOperator.identity();
    private final FrozenLlm llm;

    public FakeLlm(FrozenLlm llm) {
        this.llm = llm;
    }

    public static Result negated(Result result) {
        float[] negated = result.gradient().clone();
        for (int i = 0; i < negated.length; i++) {
            negated[i] = -negated[i];
        }
        return new Result(result.loss(), result.answerTokens(), negated);
    }

    /** Padding taken for tokens. */
    public static PromptBatch unmasked(PromptBatch prompts) {
        int[] lengths = new int[prompts.size()];
        Arrays.fill(lengths, prompts.tokens());
        return new PromptBatch(prompts.embeds(), lengths, prompts.tokens(), prompts.hidden());
    }

    /** The last real token takes a little of what stands behind it. */
    public static PromptBatch leaking(PromptBatch prompts) {
        float[] embeds = prompts.embeds().clone();
        int hidden = prompts.hidden();
        for (int b = 0; b < prompts.size(); b++) {
            int last = (b * prompts.tokens() + prompts.lengths()[b] - 1) * hidden;
            for (int i = last + hidden; i < (b + 1) * prompts.tokens() * hidden; i++) {
                embeds[last + i % hidden] += 0.05f * embeds[i] + 0.01f;
            }
        }
        return new PromptBatch(embeds, prompts.lengths(), prompts.tokens(), hidden);
    }

    @Override
    public LlmInfo info() {
        return llm.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return rows.apply(llm.embed(ids));
    }

    @Override
    public Result lossGradient(PromptBatch asked, TokenBatch answers, float gradScale) {
        return gradient.apply(llm.lossGradient(prompts.apply(asked), answers, scale.apply(gradScale)));
    }

    @Override
    public Result loss(PromptBatch asked, TokenBatch answers) {
        return losses.apply(llm.loss(prompts.apply(asked), answers));
    }

    @Override
    public Scores score(PromptBatch asked, int[][][] choices) {
        return llm.score(prompts.apply(asked), choices);
    }

    @Override
    public int[][] generate(PromptBatch asked, int maxNew) {
        return llm.generate(prompts.apply(asked), maxNew);
    }

    @Override
    public void close() {}
}
