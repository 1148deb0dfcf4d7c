package org.fednano.llm;

import java.util.Arrays;
import java.util.List;
import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.algorithm.LossGradient.CodedResult;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * Losses from features and codes and, unless {@code gradScale} is 0, the gradients of codes and W_up.
 *
 * @param wanted which gradients of W_up
 */
public record CodedLoss(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted)
        implements LossCall<CodedResult> {

    /** Losses alone. */
    public CodedLoss(CodedPrompts prompts, TokenBatch answers) {
        this(prompts, answers, 0, Wanted.SUM);
    }

    @Override
    public CodedResult on(FrozenLlm llm) {
        return withGradient() ? llm.lossGradient(prompts, answers, gradScale, wanted) : llm.loss(prompts, answers);
    }

    /** Values of the gradients that it answers, padding counted. */
    public long gradientValues() {
        if (!withGradient()) {
            return 0;
        }
        long up =
                switch (wanted) {
                    case SUM -> prompts.up().length;
                    case SQUARES -> 2L * prompts.up().length;
                    case EACH -> (long) samples() * prompts.modalities() * prompts.rank() * prompts.hidden();
                };
        return prompts.codes().length + up;
    }

    @Override
    public long heldBytes(int hidden) {
        return LlmCall.held(prompts) + 4 * (gradientValues() + answers.ids().length + 2L * samples());
    }

    @Override
    public long downBytes(CodedResult answer) {
        long padding = (long) prompts.codes().length - prompts.realTokens() * prompts.rank();
        return 4 * (answer.gradients().values() - (withGradient() ? padding : 0) + 2L * samples());
    }

    @Override
    public <T> T match(Cases<T> cases) {
        return cases.codedLoss(this);
    }

    @Override
    public CodedLoss part(int from, int to) {
        return new CodedLoss(prompts.part(from, to), answers.part(from, to), gradScale, wanted);
    }

    @Override
    public CodedResult gather(List<CodedResult> parts) {
        CodeGradients first = parts.get(0).gradients();
        float[] up = new float[first.up().length];
        float[] squares = new float[first.squares().length];
        for (CodedResult part : parts) {
            add(up, part.gradients().up());
            add(squares, part.gradients().squares());
        }
        return new CodedResult(
                LlmCall.concat(parts.stream().map(CodedResult::loss).toList()),
                parts.stream()
                        .flatMapToInt(part -> Arrays.stream(part.answerTokens()))
                        .toArray(),
                new CodeGradients(
                        withGradient()
                                ? LlmCall.concat(
                                        parts.stream().map(this::widened).toList())
                                : new float[0],
                        up,
                        squares,
                        LlmCall.concat(parts.stream()
                                .map(part -> part.gradients().each())
                                .toList())));
    }

    /** A part's gradients of its codes, padded to this call's T. */
    private float[] widened(CodedResult part) {
        int size = part.loss().length;
        float[] codes = part.gradients().codes();
        int width = codes.length / size / prompts.rank();
        return PromptBatch.resized(codes, width, 0, size, prompts.tokens(), prompts.rank());
    }

    private static void add(float[] sum, float[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    @Override
    public boolean joins(LlmCall<?> other) {
        return other instanceof CodedLoss loss
                && loss.gradScale == gradScale
                && loss.wanted == wanted
                && prompts.joins(loss.prompts);
    }

    @Override
    public CodedLoss join(List<? extends LlmCall<CodedResult>> calls) {
        return new CodedLoss(
                prompts.joined(calls.stream().map(c -> ((CodedLoss) c).prompts).toList()),
                TokenBatch.join(calls.stream().map(c -> ((CodedLoss) c).answers).toList()),
                gradScale,
                wanted);
    }

    @Override
    public CodedResult scatter(LlmCall<CodedResult> joined, CodedResult answer, int from) {
        int to = from + samples();
        CodeGradients all = answer.gradients();
        CodedPrompts wide = ((CodedLoss) joined).prompts;
        int rank = prompts.rank();
        int own = prompts.modalities() * rank * prompts.hidden();
        return new CodedResult(
                Arrays.copyOfRange(answer.loss(), from, to),
                Arrays.copyOfRange(answer.answerTokens(), from, to),
                withGradient()
                        ? new CodeGradients(
                                PromptBatch.resized(all.codes(), wide.tokens(), from, to, prompts.tokens(), rank),
                                ownMatrices(all.up(), wide, from),
                                ownMatrices(all.squares(), wide, from),
                                all.each().length == 0
                                        ? new float[0]
                                        : Arrays.copyOfRange(all.each(), from * own, to * own))
                        : CodeGradients.NONE);
    }

    /** This call's matrices of those of a joined one: what its samples' numbers were shifted by says where they lie. */
    private float[] ownMatrices(float[] all, CodedPrompts wide, int from) {
        float[] mine = new float[all.length == 0 ? 0 : prompts.up().length];
        int[] upOf = prompts.upOf();
        for (int i = 0; i < upOf.length && mine.length > 0; i++) {
            if (upOf[i] != CodedPrompts.NONE) {
                int shift = wide.upOf()[from * prompts.modalities() + i] - upOf[i];
                System.arraycopy(all, shift * prompts.rank() * prompts.hidden(), mine, 0, mine.length);
                return mine;
            }
        }
        return mine; // no matrix stands on anything: zeros
    }
}
