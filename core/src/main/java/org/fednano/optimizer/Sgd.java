package org.fednano.optimizer;

/** SGD with momentum, no dampening, weight decay added to the gradient (PyTorch's {@code torch.optim.SGD}). */
final class Sgd implements Optimizer {

    private final OptimizerSpec spec;
    private final float[] velocity;

    Sgd(OptimizerSpec spec, int size) {
        this.spec = spec;
        velocity = new float[size];
    }

    @Override
    public void step(float[] theta, float[] gradient) {
        Lengths.check(theta, gradient, velocity.length);
        double rate = spec.learningRate();
        double decay = spec.weightDecay();
        double momentum = spec.momentum();
        for (int i = 0; i < theta.length; i++) {
            double v = momentum * velocity[i] + gradient[i] + decay * theta[i];
            velocity[i] = (float) v;
            theta[i] = (float) (theta[i] - rate * v);
        }
    }
}
