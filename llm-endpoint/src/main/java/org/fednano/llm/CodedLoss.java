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
        implements LlmCall<CodedResult> {

    /** Losses alone. */
    public CodedLoss(CodedPrompts prompts, TokenBatch answers) {
        this(prompts, answers, 0, Wanted.SUM);
    }

    /** Whether gradients are asked for. */
    public boolean withGradient() {
        return gradScale != 0;
    }

    @Override
    public String op() {
        return LlmCall.op(withGradient() ? "loss_grad" : "loss", prompts);
    }

    @Override
    public CodedResult on(FrozenLlm llm) {
        return withGradient() ? llm.lossGradient(prompts, answers, gradScale, wanted) : llm.loss(prompts, answers);
    }

    @Override
    public CodedPrompts coded() {
        return prompts;
    }

    @Override
    public int samples() {
        return prompts.size();
    }

    @Override
    public int promptWidth() {
        return prompts.tokens();
    }

    @Override
    public int answerWidth() {
        return answers.length() - 1;
    }

    @Override
    public long realTokens() {
        long tokens = prompts.realTokens();
        for (int b = 0; b < answers.size(); b++) {
            tokens += Math.max(0, answers.count(b) - 1);
        }
        return tokens;
    }

    @Override
    public String shapes() {
        return op() + " of " + LlmCall.shape(prompts) + ", L = " + answers.length();
    }

    @Override
    public boolean fits(int hidden) {
        return prompts.hidden() == hidden && answers.size() == samples();
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
    public long upBytes() {
        return 4
                * (prompts.values()
                        + Arrays.stream(answers.ids())
                                .filter(id -> id != TokenBatch.PAD)
                                .count());
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
        float[] loss = new float[samples()];
        int[] tokens = new int[samples()];
        int rank = prompts.rank();
        int own = prompts.modalities() * rank * prompts.hidden();
        float[] codes = new float[withGradient() ? prompts.codes().length : 0];
        CodeGradients first = parts.get(0).gradients();
        float[] up = new float[first.up().length];
        float[] squares = new float[first.squares().length];
        float[] each = new float[first.each().length == 0 ? 0 : samples() * own];
        int at = 0;
        for (CodedResult part : parts) {
            int size = part.loss().length;
            System.arraycopy(part.loss(), 0, loss, at, size);
            System.arraycopy(part.answerTokens(), 0, tokens, at, size);
            CodeGradients some = part.gradients();
            if (withGradient()) {
                int width = some.codes().length / size / rank;
                float[] wide = PromptBatch.resized(some.codes(), width, 0, size, prompts.tokens(), rank);
                System.arraycopy(wide, 0, codes, at * prompts.tokens() * rank, wide.length);
            }
            add(up, some.up());
            add(squares, some.squares());
            System.arraycopy(some.each(), 0, each, at * own, some.each().length);
            at += size;
        }
        return new CodedResult(loss, tokens, new CodeGradients(codes, up, squares, each));
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
