package org.fednano.encoder.connector;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.fednano.weights.FloatTensor;

/**
 * Where a connector's parameters lie in one flat vector: a linear layer (H, D), or two with an activation between, (M, D) and
 * (H, M); each layer's weight row-major, then its bias.
 *
 * @param width D: of the encoder's features
 * @param inner M; 0: one linear layer
 * @param hidden H of the LLM
 */
public record ConnectorLayout(int width, int inner, int hidden) {

    /** Between the layers of an MLP, by its name in Hugging Face configs. */
    public static final String ACTIVATION = "gelu";

    public ConnectorLayout {
        if (width < 1 || inner < 0 || hidden < 1) {
            throw new IllegalArgumentException(
                    "A connector needs D >= 1, M >= 0 and H >= 1: got " + width + ", " + inner + ", " + hidden);
        }
    }

    /** Whether it is one layer. */
    public boolean linear() {
        return inner == 0;
    }

    /** What goes into its last layer: D, or M. */
    public int lastWidth() {
        return linear() ? width : inner;
    }

    /** Number of parameters. */
    public int size() {
        return Math.addExact(lastOffset(), layer(lastWidth(), hidden));
    }

    /** Where the last layer's weight begins. */
    public int lastOffset() {
        return linear() ? 0 : layer(width, inner);
    }

    private static int layer(int in, int out) {
        return Math.multiplyExact(Math.addExact(in, 1), out);
    }

    /** As PyTorch begins: every parameter of a layer uniform between ∓1/√(inputs). */
    public float[] random(Random random) {
        float[] theta = new float[size()];
        fill(theta, 0, lastOffset(), width, random);
        fill(theta, lastOffset(), theta.length, lastWidth(), random);
        return theta;
    }

    private static void fill(float[] theta, int from, int to, int inputs, Random random) {
        double bound = 1 / Math.sqrt(inputs);
        for (int i = from; i < to; i++) {
            theta[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
    }

    /** Parameters by the names of an encoder's folder: {@code linear.*}, or {@code linear_1.*} and {@code linear_2.*}. */
    public Map<String, FloatTensor> tensors(float[] theta) {
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        if (!linear()) {
            put(tensors, "linear_1", theta, 0, width, inner);
        }
        put(tensors, linear() ? "linear" : "linear_2", theta, lastOffset(), lastWidth(), hidden);
        return tensors;
    }

    private static void put(Map<String, FloatTensor> tensors, String name, float[] theta, int from, int in, int out) {
        int bias = from + in * out;
        tensors.put(name + ".weight", new FloatTensor(Arrays.copyOfRange(theta, from, bias), out, in));
        tensors.put(name + ".bias", new FloatTensor(Arrays.copyOfRange(theta, bias, bias + out), out));
    }
}
