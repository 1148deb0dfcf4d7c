package org.fednano.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.fednano.settings.JobException;

/**
 * Pictures as the vision tower wants them, as {@code preprocessor_config.json} of a CLIPImageProcessor says: resize
 * (bicubic), centre crop, rescale, normalise. Absent values mean what they mean in transformers.
 */
public final class ImagePreprocessor {

    private static final int BICUBIC = 3;

    private final boolean resizes;
    private final int shortestEdge; // 0: to an exact width and height
    private final int resizeHeight;
    private final int resizeWidth;
    private final boolean crops;
    private final int cropHeight;
    private final int cropWidth;
    private final int side;
    private final float[][] table = new float[3][256]; // normalised value of each byte per channel

    /**
     * @param config {@code preprocessor_config.json}
     * @param side S that the vision tower expects
     * @throws JobException with status 3 if the config asks for something else or for a filter other than bicubic
     */
    public ImagePreprocessor(JsonNode config, int side) {
        this.side = side;
        resizes = config.path("do_resize").asBoolean(true);
        if (resizes && config.path("resample").asInt(BICUBIC) != BICUBIC) {
            throw wrong("resample", "3 (bicubic)", config.path("resample"));
        }
        JsonNode size = config.path("size");
        shortestEdge = size.isMissingNode()
                ? 224
                : size.isInt() ? size.asInt() : size.path("shortest_edge").asInt(0);
        resizeHeight = size.path("height").asInt(0);
        resizeWidth = size.path("width").asInt(0);
        if (resizes && shortestEdge < 1 && (resizeHeight < 1 || resizeWidth < 1)) {
            throw wrong("size", "shortest_edge, or height and width", size);
        }
        crops = config.path("do_center_crop").asBoolean(true);
        JsonNode crop = config.path("crop_size");
        cropHeight = crop.isMissingNode()
                ? 224
                : crop.isInt() ? crop.asInt() : crop.path("height").asInt(0);
        cropWidth = crop.isMissingNode()
                ? 224
                : crop.isInt() ? crop.asInt() : crop.path("width").asInt(0);
        boolean fits = crops
                ? cropHeight == side && cropWidth == side
                : resizes && shortestEdge < 1 && resizeHeight == side && resizeWidth == side;
        if (!fits) {
            throw wrong("crop_size or size", side + " x " + side + " pixels, as the vision tower's image_size", config);
        }
        fillTable(config);
    }

    private void fillTable(JsonNode config) {
        boolean rescales = config.path("do_rescale").asBoolean(true);
        boolean normalises = config.path("do_normalize").asBoolean(true);
        float factor = rescales ? (float) config.path("rescale_factor").asDouble(1 / 255.0) : 1;
        // CLIP's own mean and deviation are the defaults of transformers.
        float[] mean = three(config, "image_mean", new float[] {0.48145466f, 0.4578275f, 0.40821073f});
        float[] deviation = three(config, "image_std", new float[] {0.26862954f, 0.26130258f, 0.27577711f});
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                float value = v * factor;
                table[c][v] = normalises ? (value - mean[c]) / deviation[c] : value;
            }
        }
    }

    private static float[] three(JsonNode config, String field, float[] absent) {
        JsonNode node = config.path(field);
        if (node.isMissingNode()) {
            return absent;
        }
        if (!node.isArray() || node.size() != 3) {
            throw wrong(field, "three numbers", node);
        }
        float[] values = new float[3];
        for (int c = 0; c < 3; c++) {
            values[c] = (float) node.get(c).asDouble();
        }
        return values;
    }

    private static JobException wrong(String field, String expected, JsonNode found) {
        return JobException.badInput(
                field + " in preprocessor_config.json must be " + expected + ": found " + found + ".");
    }

    /** S. */
    public int side() {
        return side;
    }

    /** Resized and cropped, still bytes: (S, S, 3). */
    public RgbImage crop(RgbImage image) {
        RgbImage resized = image;
        if (resizes) {
            int height = resizeHeight;
            int width = resizeWidth;
            if (shortestEdge > 0) {
                // The long side is rounded down, as transformers does.
                int shorter = Math.min(image.width(), image.height());
                height = (int) ((long) shortestEdge * image.height() / shorter);
                width = (int) ((long) shortestEdge * image.width() / shorter);
            }
            resized = BicubicResize.resize(image, width, height);
        }
        return crops && (resized.width() != side || resized.height() != side) ? centre(resized) : resized;
    }

    private RgbImage centre(RgbImage image) {
        byte[] rgb = new byte[3 * side * side]; // black where the picture is too small
        int top = Math.floorDiv(image.height() - side, 2);
        int left = Math.floorDiv(image.width() - side, 2);
        for (int y = Math.max(0, -top); y < Math.min(side, image.height() - top); y++) {
            int from = Math.max(0, -left);
            int to = Math.min(side, image.width() - left);
            System.arraycopy(
                    image.rgb(),
                    3 * ((y + top) * image.width() + from + left),
                    rgb,
                    3 * (y * side + from),
                    3 * (to - from));
        }
        return new RgbImage(side, side, rgb);
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

    @Override
    public String toString() {
        return "ImagePreprocessor" + Arrays.asList(side, shortestEdge, resizeHeight, resizeWidth, crops);
    }
}
