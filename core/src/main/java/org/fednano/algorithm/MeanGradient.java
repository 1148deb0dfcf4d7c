package org.fednano.algorithm;

/** Mean of per-sample gradients; one buffer for all steps of a client. */
final class MeanGradient {

    private final double[] sum;
    private final float[] mean;
    private int samples;

    MeanGradient(int size) {
        sum = new double[size];
        mean = new float[size];
    }

    void add(float[] sampleGradient) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += sampleGradient[i];
        }
        samples++;
    }

    /** The mean so far, valid until the next call; starts again from zero. */
    float[] take() {
        for (int i = 0; i < sum.length; i++) {
            mean[i] = (float) (sum[i] / samples);
            sum[i] = 0;
        }
        samples = 0;
        return mean;
    }
}
