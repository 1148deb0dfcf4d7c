package org.fednano.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.tensor.TensorEngine;

/**
 * The way from codes to embeddings and back: what a frozen LLM does that is given features and codes. One sample at a time,
 * as in {@link NdAdapters}.
 */
public final class Codes {

    private Codes() {}

    /** E = x + code · W_up (B, T, H), zero on padding. */
    public static PromptBatch embeddings(CodedPrompts prompts) {
        int hidden = prompts.hidden();
        float[] embeds =
                new float[Math.multiplyExact(Math.multiplyExact(prompts.size(), prompts.tokens()), hidden)];
        for (int b = 0; b < prompts.size(); b++) {
            float[] x = prompts.features().get(b).x();
            System.arraycopy(x, 0, embeds, b * prompts.tokens() * hidden, x.length);
        }
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray[] up = matrices(scope, prompts);
            each(prompts, (b, m, matrix, at) -> {
                try (NDManager sample = scope.newSubManager()) {
                    NDArray codes = TokenRows.gather(sample, prompts.codes(), at, prompts.rank()); // (N, R)
                    NDArray x = TokenRows.gather(sample, embeds, at, hidden); // (N, H)
                    TokenRows.scatter(codes.matMul(up[matrix]).addi(x), embeds, at, hidden);
                }
            });
        }
        return new PromptBatch(embeds, prompts.lengths(), prompts.tokens(), hidden);
    }

    /**
     * dCode = G W_upᵀ and dW_up = Σ codeᵀ G.
     *
     * @param gradient G (B, T, H), of the embeddings
     */
    public static CodeGradients gradients(CodedPrompts prompts, float[] gradient, Wanted wanted) {
        int rank = prompts.rank();
        int hidden = prompts.hidden();
        int size = rank * hidden;
        float[] codes = new float[prompts.codes().length];
        boolean summed = wanted != Wanted.EACH;
        double[] up = new double[summed ? prompts.up().length : 0];
        double[] squares = new double[wanted == Wanted.SQUARES ? prompts.up().length : 0];
        float[] each = new float[summed ? 0 : Math.multiplyExact(prompts.size() * prompts.modalities(), size)];
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray[] upT = matrices(scope, prompts);
            for (int u = 0; u < upT.length; u++) {
                upT[u] = upT[u].transpose(); // (H, R)
            }
            OwnParts own = new OwnParts(size);
            each(prompts, (b, m, matrix, at) -> {
                try (NDManager sample = scope.newSubManager()) {
                    NDArray dy = TokenRows.gather(sample, gradient, at, hidden); // (N, H)
                    NDArray code = TokenRows.gather(sample, prompts.codes(), at, rank); // (N, R)
                    TokenRows.scatter(dy.matMul(upT[matrix]), codes, at, rank);
                    NDArray part = code.transpose().matMul(dy); // (R, H)
                    if (summed) {
                        // A matrix may stand on several modalities of a sample: its own part is their sum.
                        own.add(b, matrix, part, up, squares);
                    } else {
                        TokenRows.read(part, each, (b * prompts.modalities() + m) * size);
                    }
                }
            });
            own.fold(up, squares);
        }
        return new CodeGradients(codes, floats(up), floats(squares), each);
    }

    /** What one sample adds to the matrices' gradients, kept until it is whole, because it is squared as a whole. */
    private static final class OwnParts {
        private final int size;
        private final Map<Integer, float[]> byMatrix = new TreeMap<>();
        private int sample = -1;

        OwnParts(int size) {
            this.size = size;
        }

        void add(int b, int matrix, NDArray part, double[] up, double[] squares) {
            if (b != sample) {
                fold(up, squares);
                sample = b;
            }
            float[] values = new float[size];
            TokenRows.read(part, values, 0);
            byMatrix.merge(matrix, values, (sum, more) -> {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += more[i];
                }
                return sum;
            });
        }

        void fold(double[] up, double[] squares) {
            byMatrix.forEach((matrix, values) -> {
                int at = matrix * size;
                for (int i = 0; i < size; i++) {
                    up[at + i] += values[i];
                }
                for (int i = 0; squares.length > 0 && i < size; i++) {
                    squares[at + i] += (double) values[i] * values[i];
                }
            });
            byMatrix.clear();
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private interface Rows {
        void at(int b, int modality, int matrix, int[] places);
    }

    /** Visits the tokens of each sample and modality on which a matrix stands. */
    private static void each(CodedPrompts prompts, Rows rows) {
        for (int b = 0; b < prompts.size(); b++) {
            Features sample = prompts.features().get(b);
            for (int m = 0; m < prompts.modalities(); m++) {
                int matrix = prompts.upOf(b, m);
                int[] at = matrix == CodedPrompts.NONE
                        ? new int[0]
                        : TokenRows.places(sample.modality(), 0, sample.tokens(), b * prompts.tokens(), m);
                if (at.length > 0) {
                    rows.at(b, m, matrix, at);
                }
            }
        }
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
