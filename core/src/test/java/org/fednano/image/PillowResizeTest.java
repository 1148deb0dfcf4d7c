package org.fednano.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.fednano.encoder.VisionParityTest;
import org.fednano.image.PillowResize.Axis;
import org.fednano.image.PillowResize.Filter;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.Test;

/** Laws of resampling; the numbers themselves are held to Pillow's by {@link VisionParityTest}. */
class PillowResizeTest {

    private static final byte[] COLOUR = {122, 116, 104};

    @Property(tries = 300)
    void paddingAndCroppingOnTheWayAreThoseLaidOutInMemory(
            @ForAll Filter filter,
            @ForAll @IntRange(min = 1, max = 40) int width,
            @ForAll @IntRange(min = 1, max = 40) int height,
            @ForAll @IntRange(min = 1, max = 50) int out,
            @ForAll @IntRange(min = -10, max = 60) int from,
            @ForAll @IntRange(min = 1, max = 30) int count) {
        RgbImage image = noise(width, height);
        RgbImage square = padded(image);
        Axis whole = new Axis(square.width(), 0, square.width(), out, 0, out);
        RgbImage expected = cropped(PillowResize.resize(square, filter, whole, whole, COLOUR), from, count);
        RgbImage actual = PillowResize.resize(
                image,
                filter,
                new Axis(width, (square.width() - width) / 2, square.width(), out, from, count),
                new Axis(height, (square.width() - height) / 2, square.width(), out, from, count),
                COLOUR);
        assertArrayEquals(expected.rgb(), actual.rgb());
    }

    @Property(tries = 200)
    void everySizeBecomesAPictureWithoutAnError(
            @ForAll Filter filter,
            @ForAll @IntRange(min = 1, max = 500) int width,
            @ForAll @IntRange(min = 1, max = 500) int height,
            @ForAll boolean pads,
            @ForAll boolean crops) {
        String json =
                """
                {"image_processor_type": "LlavaImageProcessor", "do_pad": %s, "resample": %d, "do_center_crop": %s,
                 "size": %s, "crop_size": 24}"""
                        .formatted(
                                pads,
                                filter.ordinal(),
                                crops,
                                crops ? "{\"shortest_edge\": 31}" : "{\"height\": 24, \"width\": 24}");
        float[] pixels = new float[3 * 24 * 24];
        ImagePreprocessor preprocessor =
                new ImagePreprocessor(HfModelFolder.json(json, Path.of("preprocessor_config.json")), 24);
        RgbImage cropped = preprocessor.crop(noise(width, height));
        preprocessor.normalise(cropped.rgb(), pixels, 0);
        for (float pixel : pixels) {
            assertEquals(0, pixel, 3);
        }
    }

    @Test
    void oneRowOfTheLongestPictureCostsNoMoreThanItsPixels() {
        for (int[] size : new int[][] {{RgbImage.MAX_SIDE, 1}, {1, RgbImage.MAX_SIDE}}) {
            RgbImage line = noise(size[0], size[1]);
            for (String rest : new String[] {
                "\"do_pad\": true, \"size\": {\"height\": 336, \"width\": 336}, \"do_center_crop\": false",
                "\"do_pad\": false, \"size\": {\"height\": 336, \"width\": 336}, \"do_center_crop\": false",
                "\"size\": 336, \"crop_size\": 336"
            }) {
                RgbImage result = new ImagePreprocessor(
                                HfModelFolder.json("{" + rest + "}", Path.of("preprocessor_config.json")), 336)
                        .crop(line);
                assertEquals(336 * 336 * 3, result.rgb().length);
            }
        }
    }

    private static RgbImage noise(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        new Random(width * 1000L + height).nextBytes(rgb);
        return new RgbImage(width, height, rgb);
    }

    private static RgbImage padded(RgbImage image) {
        int side = Math.max(image.width(), image.height());
        int left = (side - image.width()) / 2;
        int top = (side - image.height()) / 2;
        byte[] rgb = new byte[3 * side * side];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = COLOUR[i % 3];
        }
        for (int y = 0; y < image.height(); y++) {
            System.arraycopy(image.rgb(), 3 * y * image.width(), rgb, 3 * ((y + top) * side + left), 3 * image.width());
        }
        return new RgbImage(side, side, rgb);
    }

    private static RgbImage cropped(RgbImage image, int from, int count) {
        byte[] rgb = new byte[3 * count * count];
        for (int y = 0; y < count; y++) {
            for (int x = 0; x < count; x++) {
                boolean inside =
                        y + from >= 0 && x + from >= 0 && y + from < image.height() && x + from < image.width();
                for (int c = 0; inside && c < 3; c++) {
                    rgb[3 * (y * count + x) + c] = image.rgb()[3 * ((y + from) * image.width() + x + from) + c];
                }
            }
        }
        return new RgbImage(count, count, rgb);
    }
}
