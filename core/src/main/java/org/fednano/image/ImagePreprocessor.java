package org.fednano.image;

import com.fasterxml.jackson.databind.JsonNode;
import org.fednano.settings.JobException;

/**
 * Pictures as the vision tower wants them, as {@code preprocessor_config.json} says: pad to a square, resize, crop the
 * middle, rescale, normalise, with the bytes and the floats that transformers 4.57 gives for a CLIPImageProcessor,
 * SiglipImageProcessor or LlavaImageProcessor. (Their {@code Fast} versions resample with weights of 15 bits in
 * place of Pillow's 22: 0.4 % of the bytes there differ by one.) Pictures always become RGB; where {@code do_convert_rgb} is
 * false, transformers refuses all others.
 */
public final class ImagePreprocessor {

    private final PreprocessorConfig config;
    private final int side;
    private final byte[] background = new byte[3];
    private final float[][] table = new float[3][256]; // normalised value of each byte per channel

    /**
     * @param json {@code preprocessor_config.json}, or a {@code processor_config.json} that holds an image_processor
     * @param side S that the vision tower expects
     * @throws JobException with status 3 if the config asks for something else, or for what is not known here
     */
    public ImagePreprocessor(JsonNode json, int side) {
        this.side = side;
        config = PreprocessorConfig.of(json);
        boolean square = config.height() == side && config.width() == side
                || config.pads() && config.shortestEdge() == side && config.longestEdge() == 0;
        boolean fits =
                config.crops() ? config.cropHeight() == side && config.cropWidth() == side : config.resizes() && square;
        if (!fits) {
            throw JobException.badInput("size or crop_size in preprocessor_config.json must make pictures of " + side
                    + " x " + side + " pixels, the vision tower's image_size: found " + json + ".");
        }
        for (int c = 0; c < 3; c++) {
            background[c] =
                    (byte) Math.max(0, Math.min(255, (int) (config.mean().get(c) * 255)));
            for (int v = 0; v < 256; v++) {
                table[c][v] = value(v, c);
            }
        }
    }

    /** In the order and with the roundings of transformers: the product in float64, the rest in float32. */
    private float value(int v, int channel) {
        float rescaled = (float) (v * config.rescaleFactor());
        return config.normalises()
                ? (rescaled - config.mean().get(channel).floatValue())
                        / config.deviation().get(channel).floatValue()
                : rescaled;
    }

    /** S. */
    public int side() {
        return side;
    }

    /** Padded, resized and cropped, still bytes: (S, S, 3). */
    public RgbImage crop(RgbImage image) {
        int width = config.pads() ? Math.max(image.width(), image.height()) : image.width();
        int height = config.pads() ? width : image.height();
        long[] size = resized(width, height);
        return PillowResize.resize(
                image,
                config.filter(),
                axis(image.width(), width, size[0]),
                axis(image.height(), height, size[1]),
                background);
    }

    private PillowResize.Axis axis(int size, int padded, long resized) {
        long over = resized - side;
        // Where the picture is too small by an odd number of pixels, the fast processors put it one pixel further left.
        long from = !config.crops() ? 0 : config.fast() ? over / 2 : Math.floorDiv(over, 2);
        return new PillowResize.Axis(size, (padded - size) / 2, padded, resized, from, side);
    }

    /** Width and height after resizing. */
    private long[] resized(int width, int height) {
        if (!config.resizes()) {
            return new long[] {width, height};
        }
        if (config.shortestEdge() == 0) {
            return new long[] {config.width(), config.height()};
        }
        double shorter = Math.min(width, height);
        double longer = Math.max(width, height);
        double edge = config.shortestEdge();
        double factor = edge;
        if (config.longestEdge() > 0 && longer / shorter * edge > config.longestEdge()) {
            factor = config.longestEdge() * shorter / longer;
            edge = Math.rint(factor);
        }
        // The long side is rounded down, as transformers does.
        long shortResult = (long) edge;
        long longResult = shorter == edge ? (long) longer : (long) (factor * longer / shorter);
        if (width == height) {
            longResult = shortResult;
        }
        return width <= height ? new long[] {shortResult, longResult} : new long[] {longResult, shortResult};
    }

    /**
     * Rescaled and normalised, channels first.
     *
     * @param rgb (S, S, 3) bytes
     * @param pixels receives (3, S, S) from {@code offset}
     */
    public void normalise(byte[] rgb, float[] pixels, int offset) {
        int plane = side * side;
        for (int i = 0; i < plane; i++) {
            for (int c = 0; c < 3; c++) {
                pixels[offset + c * plane + i] = table[c][rgb[3 * i + c] & 255];
            }
        }
    }

    /** All steps, from a picture's file to (3, S, S). */
    public float[] pixels(byte[] file, String where) {
        float[] pixels = new float[3 * side * side];
        normalise(crop(RgbImage.decode(file, where)).rgb(), pixels, 0);
        return pixels;
    }
}
