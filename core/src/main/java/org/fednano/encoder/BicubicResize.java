package org.fednano.encoder;

/**
 * Bicubic resampling with anti-aliasing as Pillow does it (a = −0.5, window widened when shrinking, 22-bit fixed-point
 * weights, rows first, 8 bits in between), so that pixels equal those that a checkpoint was trained on, on every JVM.
 */
final class BicubicResize {

    private static final int PRECISION_BITS = 22;

    /** Weights of the inputs of each output position. */
    private record Window(int[] first, int[][] weights) {}

    private BicubicResize() {}

    /** The picture at another size. */
    static RgbImage resize(RgbImage image, int width, int height) {
        RgbImage result = image;
        if (width != image.width()) {
            result = horizontal(result, width);
        }
        return height != image.height() ? vertical(result, height) : result;
    }

    private static RgbImage horizontal(RgbImage in, int width) {
        Window window = window(in.width(), width);
        byte[] out = new byte[3 * width * in.height()];
        for (int y = 0; y < in.height(); y++) {
            for (int x = 0; x < width; x++) {
                int from = 3 * (y * in.width() + window.first[x]);
                weigh(in.rgb(), from, 3, window.weights[x], out, 3 * (y * width + x));
            }
        }
        return new RgbImage(width, in.height(), out);
    }

    private static RgbImage vertical(RgbImage in, int height) {
        Window window = window(in.height(), height);
        int stride = 3 * in.width();
        byte[] out = new byte[stride * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < in.width(); x++) {
                int from = window.first[y] * stride + 3 * x;
                weigh(in.rgb(), from, stride, window.weights[y], out, y * stride + 3 * x);
            }
        }
        return new RgbImage(in.width(), height, out);
    }

    private static void weigh(byte[] in, int from, int step, int[] weights, byte[] out, int to) {
        for (int channel = 0; channel < 3; channel++) {
            int sum = 1 << PRECISION_BITS - 1;
            for (int k = 0; k < weights.length; k++) {
                sum += (in[from + k * step + channel] & 255) * weights[k];
            }
            out[to + channel] = (byte) Math.max(0, Math.min(255, sum >> PRECISION_BITS));
        }
    }

    private static Window window(int in, int out) {
        double scale = (double) in / out;
        double filterScale = Math.max(scale, 1);
        double support = 2 * filterScale;
        int[] first = new int[out];
        int[][] weights = new int[out][];
        for (int x = 0; x < out; x++) {
            double center = (x + 0.5) * scale;
            int low = Math.max(0, (int) (center - support + 0.5));
            int high = Math.min(in, (int) (center + support + 0.5));
            double[] exact = new double[high - low];
            double sum = 0;
            for (int k = 0; k < exact.length; k++) {
                exact[k] = cubic((k + low - center + 0.5) / filterScale);
                sum += exact[k];
            }
            first[x] = low;
            weights[x] = new int[exact.length];
            for (int k = 0; k < exact.length; k++) {
                double weight = exact[k] / sum * (1 << PRECISION_BITS);
                weights[x][k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
            }
        }
        return new Window(first, weights);
    }

    private static double cubic(double x) {
        final double a = -0.5;
        double t = Math.abs(x);
        if (t < 1) {
            return ((a + 2) * t - (a + 3)) * t * t + 1;
        }
        return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
    }
}
