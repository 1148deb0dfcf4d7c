package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImagePreprocessorTest {

    private static ImagePreprocessor preprocessor(String json, int side) {
        return new ImagePreprocessor(HfModelFolder.json(json, Path.of("preprocessor_config.json")), side);
    }

    @Test
    void pixelsAreRescaledAndNormalisedPerChannel() {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        image.setRGB(3, 0, new Color(255, 51, 0).getRGB());
        float[] pixels = preprocessor(TinyEncoder.PREPROCESSOR, 8).pixels(TinyEncoder.file(image, "png"), "t");
        assertEquals(1f, pixels[3], 1e-6);
        assertEquals((0.2f - 0.5f) / 0.25f, pixels[64 + 3], 1e-6);
        assertEquals(-1f, pixels[128 + 3], 1e-6);
        assertEquals(-1f, pixels[0], 1e-6);
    }

    @ParameterizedTest
    @CsvSource({"8,8", "300,40", "40,300", "5,3", "1,1", "801,599"})
    void aPictureOfOneColourKeepsItAtEverySize(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, 0x2080ff);
            }
        }
        for (String json : new String[] {TinyEncoder.PREPROCESSOR, "{\"size\": 8, \"crop_size\": 8}"}) {
            byte[] rgb = preprocessor(json, 8).crop(RgbImage.of(image)).rgb();
            assertEquals(192, rgb.length);
            for (int i = 0; i < rgb.length; i += 3) {
                assertArrayEquals(new byte[] {0x20, (byte) 0x80, (byte) 0xff}, Arrays.copyOfRange(rgb, i, i + 3));
            }
        }
    }

    @Test
    void shortestEdgeIsResizedAndTheMiddleCut() {
        BufferedImage image = new BufferedImage(24, 8, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 8; y++) {
            for (int x = 8; x < 16; x++) {
                image.setRGB(x, y, 0xffffff);
            }
        }
        byte[] rgb = preprocessor("{\"size\": {\"shortest_edge\": 8}, \"crop_size\": {\"height\": 8, \"width\": 8}}", 8)
                .crop(RgbImage.of(image))
                .rgb();
        for (byte b : rgb) {
            assertEquals((byte) 255, b);
        }
    }

    @Test
    void halvingAStepGivesTheWindowsWeights() {
        // Four black, then four white pixels, halved: weights of the cubic with a = −0.5 at distances 0.25, 0.75, 1.25,
        // 1.75.
        byte[] row = new byte[24];
        Arrays.fill(row, 12, 24, (byte) 255);
        RgbImage half = resize(new RgbImage(8, 1, row), 4, 1);
        double[] w = {cubic(0.25), cubic(0.75), cubic(1.25), cubic(1.75)};
        double total = 2 * (w[0] + w[1] + w[2] + w[3]);
        double expected = 255 * (w[1] + w[2] + w[3]) / total; // of the second output's window, white begins at 0.75
        int second = half.rgb()[3] & 255;
        assertEquals(Math.round(expected), second);
        assertEquals(255, (half.rgb()[9] & 255), 1);
    }

    private static RgbImage resize(RgbImage image, int width, int height) {
        return PillowResize.resize(
                image,
                PillowResize.Filter.BICUBIC,
                new PillowResize.Axis(image.width(), 0, image.width(), width, 0, width),
                new PillowResize.Axis(image.height(), 0, image.height(), height, 0, height),
                new byte[3]);
    }

    private static double cubic(double t) {
        return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2;
    }

    @Test
    void transparencyLiesOnWhiteAndGrayStaysAsItIs() {
        BufferedImage clear = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x00ff0000);
        clear.setRGB(1, 0, 0x80000000);
        byte[] rgb = RgbImage.decode(TinyEncoder.file(clear, "png"), "t").rgb();
        assertArrayEquals(new byte[] {-1, -1, -1, 127, 127, 127}, rgb);
        BufferedImage gray = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        gray.getRaster().setSample(0, 0, 0, 100);
        assertArrayEquals(
                new byte[] {100, 100, 100},
                RgbImage.decode(TinyEncoder.file(gray, "png"), "t").rgb());
    }

    @Test
    void jpegIsReadAndOtherBytesAreRefused() {
        BufferedImage image = new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB);
        assertEquals(30, RgbImage.decode(TinyEncoder.file(image, "jpg"), "t").width());
        for (byte[] bytes : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(TinyEncoder.file(image, "png"), 40)}) {
            String message = assertThrows(JobException.class, () -> RgbImage.decode(bytes, "sample s7"))
                    .getMessage();
            assertTrue(message.contains("sample s7"), message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"size\": 8, \"crop_size\": 7}",
                "{\"size\": {}, \"crop_size\": 8}",
                "{\"size\": 8, \"crop_size\": 8, \"resample\": 2}",
                "{\"size\": 8, \"crop_size\": 8, \"image_mean\": [1]}"
            })
    void configsThatCannotBeFollowedAreRefused(String json) {
        assertThrows(JobException.class, () -> preprocessor(json, 8));
    }
}
