package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import org.fednano.settings.JobException;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;
import org.fednano.weights.TensorSource;

/**
 * What leads from a TorchScript encoder's features to the LLM: one linear layer ({@code linear.weight} (H, D),
 * {@code linear.bias} (H)), or two with an activation between ({@code linear_1.*} (M, D), {@code linear_2.*} (H, M)).
 */
final class Connector implements FrozenConnector {

    private final NamedTensors weights;
    private final String first;
    private final String second; // null: one layer
    private final String activation;
    private final int width; // D
    private final int inner; // M
    private final int hidden; // H

    /**
     * @param owner its weights are freed with it
     * @param activation between the layers of an MLP, by its name in Hugging Face configs
     * @param where the folder, for messages
     * @throws JobException with status 3 if the tensors are not those of a connector
     */
    Connector(NDManager owner, TensorSource tensors, String activation, String where) {
        check(tensors, where);
        boolean one = isOne(tensors);
        this.activation = activation;
        first = one ? "linear" : "linear_1";
        second = one ? null : "linear_2";
        long[] shape = tensors.shape(first + ".weight");
        width = (int) shape[1];
        inner = (int) shape[0];
        hidden = one ? inner : (int) tensors.shape(second + ".weight")[0];
        weights = new NamedTensors(owner, tensors, tensors.names());
    }

    private static boolean isOne(TensorSource tensors) {
        return tensors.names().contains("linear.weight");
    }

    /**
     * Checks names and shapes; no values are read.
     *
     * @throws JobException with status 3 if the tensors are not those of a connector
     */
    static void check(TensorSource tensors, String where) {
        boolean one = isOne(tensors);
        if (!one && !tensors.names().contains("linear_1.weight")) {
            throw JobException.badInput("The connector in " + where + " must hold linear.weight and linear.bias, or"
                    + " linear_1.* and linear_2.*: found " + tensors.names() + ".");
        }
        String first = one ? "linear" : "linear_1";
        long inner = matrix(tensors, first, where)[0];
        tensors.require(first + ".bias", inner);
        if (!one) {
            long hidden = matrix(tensors, "linear_2", where)[0];
            tensors.require("linear_2.weight", hidden, inner);
            tensors.require("linear_2.bias", hidden);
        }
    }

    private static long[] matrix(TensorSource tensors, String layer, String where) {
        long[] shape = tensors.shape(layer + ".weight");
        if (shape.length != 2) {
            throw JobException.badInput("Tensor " + layer + ".weight of the connector in " + where
                    + " must be a matrix (out, in): found shape " + Arrays.toString(shape) + ".");
        }
        return shape;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int hidden() {
        return hidden;
    }

    @Override
    public NDArray project(NDArray features) {
        NDArray x = layer(features, first, inner, width);
        return second == null ? x : layer(ArrayOps.activation(activation, x), second, hidden, inner);
    }

    private NDArray layer(NDArray x, String name, int out, int in) {
        return ArrayOps.linear(x, weights.get(name + ".weight", out, in), weights.get(name + ".bias", out));
    }
}
