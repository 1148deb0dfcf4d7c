package org.fednano.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.PromptBatch;
import org.fednano.tensor.TensorEngine;

/**
 * The way from codes to embeddings and back: what a frozen LLM does that is given features and codes. Products are over the
 * tokens of all samples under one matrix, but where each sample's own gradient is asked for, as in {@link NdAdapters}.
 */
public final class Codes {

    private static final int[] NOWHERE = {};

    private Codes() {}

    /** E = x + s · code · W_up (B, T, H), zero on padding; in the order of {@link NanoAdapters#forward}, to the same bits. */
    public static PromptBatch embeddings(CodedPrompts prompts) {
        int hidden = prompts.hidden();
        float[] embeds = new float[Math.multiplyExact(Math.multiplyExact(prompts.size(), prompts.tokens()), hidden)];
        for (int b = 0; b < prompts.size(); b++) {
            float[] x = prompts.features().get(b).x();
            System.arraycopy(x, 0, embeds, b * prompts.tokens() * hidden, x.length);
        }
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray[] up = matrices(scope, prompts);
            for (int u = 0; u < up.length; u++) {
                int[] at = under(prompts, 0, prompts.size(), u);
                if (at.length > 0) {
                    NDArray codes = TokenRows.gather(scope, prompts.codes(), at, prompts.rank()); // (N, R)
                    NDArray x = TokenRows.gather(scope, embeds, at, hidden); // (N, H)
                    TokenRows.scatter(codes.matMul(up[u]).muli(prompts.scale()).addi(x), embeds, at, hidden);
                }
            }
        }
        return new PromptBatch(embeds, prompts.lengths(), prompts.tokens(), hidden);
    }

    /**
     * dCode = s · G W_upᵀ and dW_up = s · Σ codeᵀ G.
     *
     * @param gradient G (B, T, H), of the embeddings
     */
    public static CodeGradients gradients(CodedPrompts prompts, float[] gradient, Wanted wanted) {
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            Backward pass = new Backward(scope, prompts, gradient);
            float[] codes = pass.codes();
            float[] none = new float[0];
            float[] up = new float[wanted == Wanted.EACH ? 0 : prompts.up().length];
            return switch (wanted) {
                case SUM -> {
                    for (int u = 0; u < prompts.matrices(); u++) {
                        pass.up(under(prompts, 0, prompts.size(), u), up, u);
                    }
                    yield new CodeGradients(codes, up, none, none);
                }
                case SQUARES -> new CodeGradients(codes, up, pass.squares(up), none);
                case EACH -> new CodeGradients(codes, none, none, pass.each());
            };
        }
    }

    private static final class Backward {
        private final NDManager scope;
        private final CodedPrompts prompts;
        private final float[] gradient;
        private final int size; // of a matrix

        Backward(NDManager scope, CodedPrompts prompts, float[] gradient) {
            this.scope = scope;
            this.prompts = prompts;
            this.gradient = gradient;
            size = prompts.rank() * prompts.hidden();
        }

        float[] codes() {
            float[] codes = new float[prompts.codes().length];
            NDArray[] up = matrices(scope, prompts);
            for (int u = 0; u < up.length; u++) {
                int[] at = under(prompts, 0, prompts.size(), u);
                if (at.length > 0) {
                    NDArray dy = TokenRows.gather(scope, gradient, at, prompts.hidden()); // (N, H)
                    TokenRows.scatter(dy.matMul(up[u].transpose()).muli(prompts.scale()), codes, at, prompts.rank());
                }
            }
            return codes;
        }

        /** Writes s · codeᵀ G over some tokens as the n-th matrix; zeros of none. */
        void up(int[] at, float[] to, int n) {
            if (at.length == 0) {
                Arrays.fill(to, n * size, (n + 1) * size, 0);
                return;
            }
            try (NDManager memory = scope.newSubManager()) {
                NDArray dy = TokenRows.gather(memory, gradient, at, prompts.hidden()); // (N, H)
                NDArray code = TokenRows.gather(memory, prompts.codes(), at, prompts.rank()); // (N, R)
                TokenRows.read(code.muli(prompts.scale()).transpose().matMul(dy), to, n * size);
            }
        }

        /** A matrix may stand on several modalities of a sample: its own part, which is squared, is their sum. */
        float[] squares(float[] sum) {
            double[] sums = new double[sum.length];
            double[] squares = new double[sum.length];
            float[] own = new float[size];
            for (int u = 0; u < prompts.matrices(); u++) {
                for (int b = 0; b < prompts.size(); b++) {
                    up(under(prompts, b, b + 1, u), own, 0);
                    for (int i = 0; i < size; i++) {
                        sums[u * size + i] += own[i];
                        squares[u * size + i] += (double) own[i] * own[i];
                    }
                }
            }
            float[] found = new float[sum.length];
            for (int i = 0; i < found.length; i++) {
                sum[i] = (float) sums[i];
                found[i] = (float) squares[i];
            }
            return found;
        }

        float[] each() {
            int modalities = prompts.modalities();
            float[] each = new float[Math.multiplyExact(prompts.size() * modalities, size)];
            for (int b = 0; b < prompts.size(); b++) {
                for (int m = 0; m < modalities; m++) {
                    boolean stands = prompts.upOf(b, m) != CodedPrompts.NONE;
                    int modality = m;
                    up(
                            stands ? places(prompts, b, b + 1, (s, of) -> of == modality) : NOWHERE,
                            each,
                            b * modalities + m);
                }
            }
            return each;
        }
    }

    private interface Tokens {
        boolean match(int sample, int modality);
    }

    /** Places (b, t) of some samples' tokens on which a matrix stands, as row numbers in (B·T, ·). */
    private static int[] under(CodedPrompts prompts, int from, int to, int matrix) {
        return places(prompts, from, to, (b, modality) -> prompts.upOf(b, modality) == matrix);
    }

    private static int[] places(CodedPrompts prompts, int from, int to, Tokens which) {
        int[] at = new int[(to - from) * prompts.tokens()];
        int n = 0;
        for (int b = from; b < to; b++) {
            byte[] modality = prompts.features().get(b).modality();
            for (int t = 0; t < modality.length; t++) {
                if (which.match(b, modality[t])) {
                    at[n++] = b * prompts.tokens() + t;
                }
            }
        }
        return Arrays.copyOf(at, n);
    }

    private static NDArray[] matrices(NDManager scope, CodedPrompts prompts) {
        int size = prompts.rank() * prompts.hidden();
        NDArray[] up = new NDArray[prompts.matrices()];
        for (int u = 0; u < up.length; u++) {
            up[u] = TokenRows.matrix(scope, prompts.up(), u * size, prompts.rank(), prompts.hidden());
        }
        return up;
    }
}
