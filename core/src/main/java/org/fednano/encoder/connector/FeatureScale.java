package org.fednano.encoder.connector;

/**
 * Mean and spread of each of an encoder's features. A connector is trained on (f − mean)/spread, so that one step size suits
 * all features; afterwards both go into its first layer, and nobody sees them again.
 *
 * @param mean (D)
 * @param spread (D), above 0
 */
public record FeatureScale(float[] mean, float[] spread) {

    /** What is added to a standard deviation: a feature that never changes stays finite. */
    private static final double FLOOR = 1e-3;

    /** Sums of rows that come piece by piece. */
    public static final class Sums {
        private final double[] sum;
        private final double[] squares;
        private long rows;

        public Sums(int width) {
            sum = new double[width];
            squares = new double[width];
        }

        /** Adds (·, D). */
        public void add(float[] features) {
            for (int at = 0; at < features.length; at += sum.length, rows++) {
                for (int d = 0; d < sum.length; d++) {
                    double f = features[at + d];
                    sum[d] += f;
                    squares[d] += f * f;
                }
            }
        }

        /** The scale of what was added; at least one row. */
        public FeatureScale scale() {
            float[] mean = new float[sum.length];
            float[] spread = new float[sum.length];
            for (int d = 0; d < sum.length; d++) {
                double m = sum[d] / rows;
                mean[d] = (float) m;
                spread[d] = (float) (Math.sqrt(Math.max(0, squares[d] / rows - m * m)) + FLOOR);
            }
            return new FeatureScale(mean, spread);
        }
    }

    /** Features (·, D), scaled in place. */
    public float[] apply(float[] features) {
        for (int at = 0; at < features.length; at += mean.length) {
            for (int d = 0; d < mean.length; d++) {
                features[at + d] = (features[at + d] - mean[d]) / spread[d];
            }
        }
        return features;
    }

    /** The connector that gives for raw features what {@code theta} gives for scaled ones. */
    public float[] folded(ConnectorLayout layout, float[] theta) {
        float[] raw = theta.clone();
        int width = layout.width();
        int out = layout.linear() ? layout.hidden() : layout.inner();
        for (int o = 0; o < out; o++) {
            double shift = 0;
            for (int d = 0; d < width; d++) {
                double w = theta[o * width + d] / (double) spread[d];
                raw[o * width + d] = (float) w;
                shift += w * mean[d];
            }
            raw[width * out + o] = (float) (theta[width * out + o] - shift);
        }
        return raw;
    }
}
