package org.fednano.optimizer;

/**
 * AdamW with decoupled weight decay and bias correction (Loshchilov and Hutter, arXiv 1711.05101; PyTorch's
 * {@code torch.optim.AdamW}). State is float32, each step's arithmetic double.
 */
public final class AdamW implements Optimizer {

    private final OptimizerSpec spec;
    private final float[] m;
    private final float[] v;
    // Running products instead of pow(): the same bits on every JIT.
    private double beta1Power = 1;
    private double beta2Power = 1;

    /** With empty state. */
    public AdamW(OptimizerSpec spec, int size) {
        this(spec, new float[size], new float[size], 0);
    }

    /**
     * Goes on where another one stood.
     *
     * @param mean as {@link #mean} answered; taken over, not copied
     * @param square as {@link #square} answered; taken over
     * @param steps that it had made
     */
    public AdamW(OptimizerSpec spec, float[] mean, float[] square, int steps) {
        Lengths.check(mean, square, mean.length);
        this.spec = spec;
        m = mean;
        v = square;
        for (int i = 0; i < steps; i++) {
            countStep();
        }
    }

    /** Running mean of gradients; shared, changed by the next step. */
    public float[] mean() {
        return m;
    }

    /** Running mean of their squares; shared, changed by the next step. */
    public float[] square() {
        return v;
    }

    private void countStep() {
        beta1Power *= spec.beta1();
        beta2Power *= spec.beta2();
    }

    @Override
    public void step(float[] theta, float[] gradient) {
        step(theta, gradient, spec.learningRate());
    }

    /** A step of another size than the specification's. */
    public void step(float[] theta, float[] gradient, double rate) {
        Lengths.check(theta, gradient, m.length);
        countStep();
        double stepSize = rate / (1 - beta1Power);
        double correction = Math.sqrt(1 - beta2Power);
        double keep = 1 - rate * spec.weightDecay();
        double beta1 = spec.beta1();
        double beta2 = spec.beta2();
        double epsilon = spec.epsilon();
        for (int i = 0; i < theta.length; i++) {
            double g = gradient[i];
            double mi = beta1 * m[i] + (1 - beta1) * g;
            double vi = beta2 * v[i] + (1 - beta2) * g * g;
            theta[i] = (float) (theta[i] * keep - stepSize * mi / (Math.sqrt(vi) / correction + epsilon));
            m[i] = (float) mi;
            v[i] = (float) vi;
        }
    }
}
