package org.fednano.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import org.fednano.encoder.TinyEncoder;
import org.fednano.settings.JobException;
import org.fednano.testing.TestImages;
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
        float[] pixels = preprocessor(TinyEncoder.PREPROCESSOR, 8).pixels(TestImages.file(image, "png"), "t");
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
    void transparencyIsLeftOutAndGrayStaysAsItIs() {
        BufferedImage clear = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x00ff0102);
        clear.setRGB(1, 0, 0x80030405);
        byte[] rgb = RgbImage.decode(TestImages.file(clear, "png"), "t").rgb();
        assertArrayEquals(new byte[] {-1, 1, 2, 3, 4, 5}, rgb);
        BufferedImage gray = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        gray.getRaster().setSample(0, 0, 0, 100);
        assertArrayEquals(
                new byte[] {100, 100, 100},
                RgbImage.decode(TestImages.file(gray, "png"), "t").rgb());
    }

    @Test
    void jpegIsReadAndOtherBytesAreRefused() {
        BufferedImage image = new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB);
        assertEquals(30, RgbImage.decode(TestImages.file(image, "jpg"), "t").width());
        for (byte[] bytes : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(TestImages.file(image, "png"), 40)}) {
            String message = assertThrows(JobException.class, () -> RgbImage.decode(bytes, "sample s7"))
                    .getMessage();
            assertTrue(message.contains("sample s7"), message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'size': 8, 'crop_size': 7}; 8 x 8 pixels",
                "{'size': {}, 'crop_size': 8}; height and width",
                "{'size': {'longest_edge': 8}, 'crop_size': 8}; shortest_edge",
                "{'size': 8, 'crop_size': 8, 'resample': 6}; resample",
                "{'size': 8, 'crop_size': 8, 'resample': 'bicubic'}; resample",
                "{'size': 8, 'crop_size': 8, 'resample': null}; resample",
                "{'size': 8, 'crop_size': 8, 'image_mean': [1]}; image_mean",
                "{'size': 8, 'crop_size': 8, 'image_std': [1, 2, 'x']}; image_std",
                "{'size': 8, 'crop_size': 8, 'rescale_factor': null}; rescale_factor",
                "{'size': 8, 'crop_size': 8, 'do_normalize': 'yes'}; do_normalize",
                "{'size': 8, 'do_center_crop': false}; vision tower's image_size",
                "{'do_resize': false, 'do_center_crop': false}; vision tower's image_size",
                "{'image_processor_type': 'SiglipImageProcessor', 'size': 8}; SiglipImageProcessor",
                "{'image_processor_type': 'LlavaNextImageProcessor'}; LlavaNextImageProcessor",
                "{'image_processor_type': 'Qwen2VLImageProcessorFast'}; Qwen2VLImageProcessorFast",
                "{'feature_extractor_type': 'ViTFeatureExtractor'}; CLIPImageProcessor"
            })
    void configsThatCannotBeFollowedAreRefused(String json, String told) {
        String message = assertThrows(JobException.class, () -> preprocessor(json.replace('\'', '"'), 8))
                .getMessage();
        assertTrue(message.contains(told), message);
    }

    @Test
    void theMergedProcessorFileOfVersion5IsReadToo() {
        String merged = "{\"processor_class\": \"LlavaProcessor\", \"patch_size\": 4, \"image_processor\": "
                + TinyEncoder.PREPROCESSOR + "}";
        byte[] picture = TestImages.rectangles(3, 20, 13);
        assertArrayEquals(
                preprocessor(TinyEncoder.PREPROCESSOR, 8).pixels(picture, "t"),
                preprocessor(merged, 8).pixels(picture, "t"));
    }

    @Test
    void fastProcessorsKeepALongestEdgeAndCropOtherwise() {
        // 100 x 20 with shortest edge 16 would be 80 x 16; a longest edge of 40 makes it 40 x 8, and black above and
        // below.
        RgbImage white = white(100, 20);
        String edges = "'size': {'shortest_edge': 16, 'longest_edge': 40}, 'crop_size': 16}";
        assertEquals(256, whitePixels(edges("CLIPImageProcessor", edges).crop(white)));
        assertEquals(128, whitePixels(edges("CLIPImageProcessorFast", edges).crop(white)));
        // 15 x 15 in the middle of 16 x 16: one line of black comes first, or last.
        String unresized = "'do_resize': false, 'crop_size': 16}";
        RgbImage small = white(15, 15);
        assertEquals(0, edges("CLIPImageProcessor", unresized).crop(small).rgb()[0]);
        assertEquals(-1, edges("CLIPImageProcessorFast", unresized).crop(small).rgb()[0]);
    }

    private static ImagePreprocessor edges(String type, String rest) {
        return preprocessor(("{'image_processor_type': '" + type + "', " + rest).replace('\'', '"'), 16);
    }

    private static RgbImage white(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        Arrays.fill(rgb, (byte) 255);
        return new RgbImage(width, height, rgb);
    }

    private static int whitePixels(RgbImage image) {
        int count = 0;
        for (int i = 0; i < image.rgb().length; i += 3) {
            count += image.rgb()[i] == -1 ? 1 : 0;
        }
        return count;
    }
}
