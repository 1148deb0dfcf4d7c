package org.fednano.encoder.connector;

/**
 * Step size over a training: a straight rise to the peak, then half a cosine down to 0, as LLaVA's stage 1 does.
 *
 * @param peak largest step size
 * @param steps of the whole training
 * @param warmup share of the steps in which it rises, 0 to 1
 */
public record StepSize(double peak, int steps, double warmup) {

    /** The step size of a step, from 0. */
    public double at(int step) {
        int rise = (int) Math.ceil(warmup * steps);
        if (step < rise) {
            return peak * (step + 1) / rise;
        }
        double done = (double) (step - rise) / Math.max(1, steps - rise);
        return peak * 0.5 * (1 + Math.cos(Math.PI * done));
    }
}
