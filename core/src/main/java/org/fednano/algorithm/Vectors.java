package org.fednano.algorithm;

/** Two numbers that rounds report of vectors, summed in double precision. */
final class Vectors {
    private Vectors() {}

    /** L2 norm of a − b. */
    static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double d = (double) a[i] - b[i];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }

    static double mean(float[] a) {
        double sum = 0;
        for (float v : a) {
            sum += v;
        }
        return sum / a.length;
    }
}
