package org.fednano.image;

import java.util.Arrays;

/**
 * Resampling as Pillow does it for 8-bit pictures ({@code Resample.c}: window widened when shrinking, 22-bit fixed-point
 * weights, rows first, 8 bits in between), bit for bit and on every JVM, so that pixels equal those that a checkpoint was
 * trained on. Padding around the picture and what is cropped away afterwards are never laid out in memory: a picture of one
 * row and 60,000 columns costs no more than its pixels.
 */
final class PillowResize {

    private static final int PRECISION_BITS = 22;
    private static final int ONE = 1 << PRECISION_BITS;
    private static final int HALF = 1 << PRECISION_BITS - 1;

    /** Pillow's filters, in the order of its numbers: {@code resample} is the ordinal. */
    enum Filter {
        NEAREST(0),
        LANCZOS(3),
        BILINEAR(1),
        BICUBIC(2),
        BOX(0.5),
        HAMMING(1);

        private final double support;

        Filter(double support) {
            this.support = support;
        }

        private double at(double x) {
            double t = Math.abs(x);
            return switch (this) {
                case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
                case BILINEAR -> t < 1 ? 1 - t : 0;
                case BICUBIC -> cubic(t);
                case HAMMING -> t == 0 ? 1 : t < 1 ? sinc(t) * (0.54 + 0.46 * Math.cos(t * Math.PI)) : 0;
                case BOX, NEAREST -> x > -0.5 && x <= 0.5 ? 1 : 0;
            };
        }

        private static double sinc(double x) {
            return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
        }

        private static double cubic(double t) {
            final double a = -0.5;
            if (t < 1) {
                return ((a + 2) * t - (a + 3)) * t * t + 1;
            }
            return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
        }
    }

    /**
     * What happens along one side.
     *
     * @param size of the picture, pixels
     * @param pad pixels of the background colour before the picture
     * @param in size with the background on both sides
     * @param out size that {@code in} is resampled to
     * @param from first position of the result that is wanted; negative: black comes before the result
     * @param count positions that are wanted; those past the result are black
     */
    record Axis(int size, int pad, int in, long out, long from, int count) {}

    /**
     * Weights that make each wanted position, on the picture's own pixels.
     *
     * @param first first of these pixels
     * @param weights none where the position is black
     * @param background sum of the weights that lie on the background
     */
    private record Windows(int[] first, int[][] weights, int[] background) {

        int end(int i) {
            return first[i] + weights[i].length;
        }

        boolean black(int i) {
            return weights[i].length == 0 && background[i] == 0;
        }
    }

    private PillowResize() {}

    /**
     * A picture padded, resampled and cropped.
     *
     * @param background (3) colour of the padding
     */
    static RgbImage resize(RgbImage image, Filter filter, Axis across, Axis down, byte[] background) {
        Windows columns = windows(filter, across);
        Windows rows = windows(filter, down);
        int[] sums = new int[3 * across.count * down.count];
        addBackground(sums, columns, rows, background);
        byte[] line = new byte[3 * across.count];
        int active = 0; // rows of the result before it are complete
        for (int y = 0; y < image.height(); y++) {
            while (active < down.count && rows.end(active) <= y) {
                active++;
            }
            boolean resampled = false;
            for (int i = active; i < down.count && (rows.first[i] <= y || rows.weights[i].length == 0); i++) {
                if (rows.first[i] <= y && y < rows.end(i)) {
                    if (!resampled) {
                        resample(image, y, columns, background, line);
                        resampled = true;
                    }
                    add(sums, i * line.length, line, rows.weights[i][y - rows.first[i]]);
                }
            }
        }
        return new RgbImage(across.count, down.count, bytes(sums, columns, rows));
    }

    /** Starts every sum with the rows of background above and below the picture. */
    private static void addBackground(int[] sums, Windows columns, Windows rows, byte[] background) {
        int width = columns.first.length;
        byte[] line = new byte[3 * width];
        for (int x = 0; x < width; x++) {
            int weight =
                    columns.background[x] + Arrays.stream(columns.weights[x]).sum();
            for (int c = 0; c < 3; c++) {
                line[3 * x + c] = clip(HALF + weight * (background[c] & 255));
            }
        }
        for (int y = 0; y < rows.first.length; y++) {
            add(sums, y * line.length, line, rows.background[y]);
        }
    }

    private static void resample(RgbImage image, int y, Windows columns, byte[] background, byte[] line) {
        byte[] rgb = image.rgb();
        for (int x = 0; x < columns.first.length; x++) {
            int[] weights = columns.weights[x];
            int red = HALF + columns.background[x] * (background[0] & 255);
            int green = HALF + columns.background[x] * (background[1] & 255);
            int blue = HALF + columns.background[x] * (background[2] & 255);
            int at = 3 * (y * image.width() + columns.first[x]);
            for (int weight : weights) {
                red += (rgb[at++] & 255) * weight;
                green += (rgb[at++] & 255) * weight;
                blue += (rgb[at++] & 255) * weight;
            }
            line[3 * x] = clip(red);
            line[3 * x + 1] = clip(green);
            line[3 * x + 2] = clip(blue);
        }
    }

    private static void add(int[] sums, int to, byte[] line, int weight) {
        if (weight != 0) {
            for (int i = 0; i < line.length; i++) {
                sums[to + i] += (line[i] & 255) * weight;
            }
        }
    }

    private static byte[] bytes(int[] sums, Windows columns, Windows rows) {
        byte[] rgb = new byte[sums.length];
        int width = columns.first.length;
        for (int y = 0; y < rows.first.length; y++) {
            for (int x = 0; x < width; x++) {
                if (!rows.black(y) && !columns.black(x)) {
                    for (int i = 3 * (y * width + x); i < 3 * (y * width + x + 1); i++) {
                        rgb[i] = clip(HALF + sums[i]);
                    }
                }
            }
        }
        return rgb;
    }

    private static byte clip(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> PRECISION_BITS));
    }

    private static Windows windows(Filter filter, Axis axis) {
        Windows windows = new Windows(new int[axis.count], new int[axis.count][], new int[axis.count]);
        Arrays.fill(windows.weights, new int[0]);
        double nearest = 0.5 * axis.in / axis.out; // centre of the position, added up as Pillow does
        long end = Math.min(axis.out, axis.from + axis.count);
        for (long x = filter == Filter.NEAREST ? 0 : Math.max(0, axis.from); x < end; x++) {
            if (x >= axis.from) {
                int low = axis.in == axis.out ? (int) x : (int) nearest;
                int[] weights = {ONE};
                if (filter != Filter.NEAREST && axis.in != axis.out) {
                    low = low(filter, axis, x);
                    weights = weights(filter, axis, x, low);
                }
                put(windows, (int) (x - axis.from), axis, low, weights);
            }
            nearest += (double) axis.in / axis.out;
        }
        return windows;
    }

    private static int low(Filter filter, Axis axis, long x) {
        double scale = (double) axis.in / axis.out;
        return Math.max(0, (int) ((x + 0.5) * scale - filter.support * Math.max(scale, 1) + 0.5));
    }

    private static int[] weights(Filter filter, Axis axis, long x, int low) {
        double scale = (double) axis.in / axis.out;
        double widening = Math.max(scale, 1);
        double center = (x + 0.5) * scale;
        int high = Math.min(axis.in, (int) (center + filter.support * widening + 0.5));
        double[] exact = new double[high - low];
        double sum = 0;
        for (int k = 0; k < exact.length; k++) {
            exact[k] = filter.at((k + low - center + 0.5) * (1 / widening));
            sum += exact[k];
        }
        int[] weights = new int[exact.length];
        for (int k = 0; k < exact.length; k++) {
            double weight = (sum == 0 ? exact[k] : exact[k] / sum) * ONE;
            weights[k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
        }
        return weights;
    }

    /** Splits a window into the picture's part and the background's. */
    private static void put(Windows windows, int i, Axis axis, int low, int[] weights) {
        int from = Math.max(0, Math.min(weights.length, axis.pad - low));
        int to = Math.max(from, Math.min(weights.length, axis.pad + axis.size - low));
        windows.first[i] = Math.max(0, Math.min(axis.size, low + from - axis.pad));
        windows.weights[i] = Arrays.copyOfRange(weights, from, to);
        windows.background[i] =
                Arrays.stream(weights).sum() - Arrays.stream(windows.weights[i]).sum();
    }
}
