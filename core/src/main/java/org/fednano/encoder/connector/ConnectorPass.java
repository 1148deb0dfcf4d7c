package org.fednano.encoder.connector;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.TensorEngine;

/**
 * A connector forward and backward, with the operations that serve it later. For one thread of a JVM at a time: the engine
 * collects gradients for one.
 */
public final class ConnectorPass {

    private final ConnectorLayout layout;

    public ConnectorPass(ConnectorLayout layout) {
        this.layout = layout;
    }

    /**
     * @param theta all parameters
     * @param features (R, D)
     * @return (R, H)
     */
    public float[] forward(float[] theta, float[] features) {
        return output(theta, features, true);
    }

    /**
     * What goes into the last layer: the features themselves, or what the activation makes of the first layer.
     *
     * @param features (R, D)
     * @return (R, D) or (R, M)
     */
    public float[] lastInput(float[] theta, float[] features) {
        return layout.linear() ? features : output(theta, features, false);
    }

    private float[] output(float[] theta, float[] features, boolean last) {
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = array(scope, features, features.length / layout.width(), layout.width());
            return project(x, array(scope, theta, theta.length), last).toFloatArray();
        }
    }

    /**
     * The gradient of a loss with respect to the parameters.
     *
     * @param features (R, D)
     * @param outputGradient (R, H): d loss / d output
     * @return of θ's size
     */
    public float[] backward(float[] theta, float[] features, float[] outputGradient) {
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = array(scope, features, features.length / layout.width(), layout.width());
            NDArray dy = array(scope, outputGradient, outputGradient.length / layout.hidden(), layout.hidden());
            NDArray parameters = array(scope, theta, theta.length);
            parameters.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                collector.backward(project(x, parameters, true).mul(dy).sum());
            }
            return parameters.getGradient().toFloatArray();
        }
    }

    private NDArray project(NDArray x, NDArray theta, boolean last) {
        NDArray input = x;
        if (!layout.linear()) {
            NDArray inner = layer(x, theta, 0, layout.width(), layout.inner());
            input = ArrayOps.activation(ConnectorLayout.ACTIVATION, inner);
        }
        return last ? layer(input, theta, layout.lastOffset(), layout.lastWidth(), layout.hidden()) : input;
    }

    private static NDArray layer(NDArray x, NDArray theta, int from, int in, int out) {
        int bias = from + in * out;
        return ArrayOps.linear(x, theta.get(from + ":" + bias).reshape(out, in), theta.get(bias + ":" + (bias + out)));
    }

    // The engine's own memory: a buffer of the JVM would be aligned by chance, and rounding with it.
    private static NDArray array(NDManager scope, float[] values, long... shape) {
        NDArray array = scope.create(new Shape(shape), DataType.FLOAT32);
        FloatBuffer memory = array.toByteBuffer(true).asFloatBuffer();
        memory.put(values);
        return array;
    }
}
