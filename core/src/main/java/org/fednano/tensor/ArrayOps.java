package org.fednano.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.norm.LayerNorm;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.fednano.settings.JobException;

/** The few operations that vision tower, connector and decoder are made of; each takes part in autograd. */
public final class ArrayOps {

    private static final Set<String> ACTIVATIONS = new LinkedHashSet<>(List.of(
            "gelu",
            "quick_gelu",
            "gelu_pytorch_tanh",
            "silu",
            "relu",
            "tanh",
            "sigmoid",
            "swish",
            "gelu_new",
            "gelu_fast",
            "gelu_python",
            "gelu_python_tanh",
            "gelu_accurate"));

    /** Below this, MKL on AVX-512 of AMD was seen to round otherwise: up to 3 rows with one thread, up to 11 with two. */
    private static final int FEW_ROWS = 16;

    private ArrayOps() {}

    /**
     * x Wᵀ + b.
     *
     * <p>Matrix libraries take a few rows by other kernels than many, whose sums round otherwise: a sample alone would differ
     * in its last bits from the same one in a batch. So few rows are filled up with zeros.
     *
     * @param x (…, I)
     * @param weight (O, I)
     * @param bias (O), or null
     * @return (…, O)
     */
    public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        long in = x.getShape().get(x.getShape().dimension() - 1);
        long rows = x.size() / in;
        if (rows >= FEW_ROWS) {
            return product(x, weight, bias);
        }
        NDArray zeros = x.getManager().zeros(new Shape(FEW_ROWS - rows, in));
        NDArray filled = product(concat(0, x.reshape(rows, in), zeros), weight, bias);
        long out = weight.getShape().get(0);
        long[] shape = x.getShape().getShape().clone();
        shape[shape.length - 1] = out;
        return filled.get(new NDIndex(":" + rows)).reshape(shape);
    }

    private static NDArray product(NDArray x, NDArray weight, NDArray bias) {
        TensorEngine.limitThreads();
        return x.getNDArrayInternal().linear(x, weight, bias).singletonOrThrow();
    }

    /**
     * Several linear layers of the same input in one product, which keeps the processor busier than one after another.
     *
     * @param x (…, I)
     * @param weights (O_i, I) each
     * @param biases (O_i) each, or empty
     * @return (…, O_1 + O_2 + …)
     */
    public static NDArray linear(NDArray x, List<NDArray> weights, List<NDArray> biases) {
        return linear(x, stacked(x, weights), biases.isEmpty() ? null : stacked(x, biases));
    }

    /** Stacks weights; the result lives as long as x, not as long as the weights. */
    private static NDArray stacked(NDArray x, List<NDArray> parts) {
        NDArray all = NDArrays.concat(new NDList(parts));
        all.attach(x.getManager());
        return all;
    }

    /** Layer normalisation over the last axis. */
    public static NDArray layerNorm(NDArray x, NDArray weight, NDArray bias, double epsilon) {
        return LayerNorm.layerNorm(x, weight.getShape(), weight, bias, (float) epsilon)
                .singletonOrThrow();
    }

    /** x · weight / √(mean(x²) + ε) over the last axis. */
    public static NDArray rmsNorm(NDArray x, NDArray weight, double epsilon) {
        NDArray meanSquare = x.square().mean(new int[] {-1}, true);
        return x.div(meanSquare.add((float) epsilon).sqrt()).muli(weight);
    }

    /**
     * An activation by its name in Hugging Face configs.
     *
     * @throws JobException with status 3 if the name is none of {@link #requireActivation}'s
     */
    public static NDArray activation(String name, NDArray x) {
        return switch (requireActivation(name)) {
            case "gelu", "gelu_python" -> x.getNDArrayInternal().gelu();
            case "quick_gelu" -> Activation.sigmoid(scale(x, 1.702)).mul(x);
            case "gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_python_tanh" -> tanhGelu(x);
            case "silu", "swish" -> Activation.sigmoid(x).mul(x);
            case "relu" -> Activation.relu(x);
            case "tanh" -> Activation.tanh(x);
            default -> Activation.sigmoid(x);
        };
    }

    /**
     * The name itself.
     *
     * @throws JobException with status 3 if there is no such activation here
     */
    public static String requireActivation(String name) {
        if (!ACTIVATIONS.contains(name)) {
            throw JobException.badInput("Activation in config.json must be one of " + String.join(", ", ACTIVATIONS)
                    + ": found " + name + ". Models with another are not supported.");
        }
        return name;
    }

    /** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))). */
    private static NDArray tanhGelu(NDArray x) {
        NDArray cube = scale(x.mul(x).mul(x), 0.044715);
        return scale(x, 0.5)
                .mul(scale(x.add(cube), Math.sqrt(2 / Math.PI)).tanh().add(1));
    }

    /**
     * x · factor, for autograd. {@code x.mul(number)} of the engine keeps the number in a buffer of the JVM that it lets go
     * at once, while the backward pass still needs it: after a garbage collection in between, gradients are wrong without a
     * word. Here the number lies in memory that autograd itself holds.
     */
    public static NDArray scale(NDArray x, double factor) {
        return x.mul(x.getManager().full(new Shape(1), (float) factor));
    }

    /**
     * Splits the last axis into heads.
     *
     * @param x (B, T, N·E)
     * @return (B, N, T, E)
     */
    public static NDArray heads(NDArray x, long heads) {
        Shape s = x.getShape();
        return x.reshape(s.get(0), s.get(1), heads, s.get(2) / heads).transpose(0, 2, 1, 3);
    }

    /**
     * Softmax(q kᵀ/√E + mask) v, heads joined again.
     *
     * @param q (B, N, T, E)
     * @param k (B, N, S, E)
     * @param v (B, N, S, E)
     * @param mask 0 where a key is seen, very negative where not, broadcast over (B, N, T, S); null: all are seen
     * @return (B, T, N·E)
     */
    public static NDArray attention(NDArray q, NDArray k, NDArray v, NDArray mask) {
        Shape s = q.getShape();
        NDArray scores = scale(q, 1 / Math.sqrt(s.get(3))).matMul(k.transpose(0, 1, 3, 2)); // (B, N, T, S)
        if (mask != null) {
            scores = scores.addi(mask); // in place: the product's backward pass does not need it
        }
        return scores.softmax(-1).matMul(v).transpose(0, 2, 1, 3).reshape(s.get(0), s.get(2), s.get(1) * s.get(3));
    }

    /** Joins arrays along an axis. */
    public static NDArray concat(int axis, NDArray first, NDArray... rest) {
        return first.getNDArrayInternal().concat(new NDList(rest), axis);
    }

    /**
     * Rows of a table.
     *
     * @param table (V, H)
     * @param ids any shape, int64
     * @return (…, H)
     */
    public static NDArray rows(NDArray table, NDArray ids) {
        return ids.getNDArrayInternal()
                .embedding(ids, table, ai.djl.ndarray.types.SparseFormat.DENSE)
                .singletonOrThrow();
    }
}
