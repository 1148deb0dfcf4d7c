package org.fednano.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.fednano.encoder.VisionParityTest;
import org.fednano.settings.JobException;
import org.fednano.testing.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that are damaged or lie about themselves. What sound ones decode to is {@link VisionParityTest}'s. */
class ImageFileTest {

    private static final Path PICTURES = Path.of("src/test/resources/parity/vision/pictures");

    @ParameterizedTest
    @CsvSource({
        "png, 60000, 60000",
        "png, 65536, 1",
        "png, 2147483647, 2147483647",
        "jpg, 65500, 65500",
        "gif, 65535, 65535",
        "gif-screen, 65535, 65535",
        "png, 8193, 8192"
    })
    void aFileThatClaimsMorePixelsThanTheLimitIsRefusedBeforeMemoryIsTaken(String format, int width, int height) {
        String message = assertThrows(
                        JobException.class, () -> RgbImage.decode(claim(format, width, height), "sample s7"))
                .getMessage();
        assertTrue(message.contains("67108864 pixels") && message.contains("65535 on a side"), message);
        assertTrue(message.contains(width + " x " + height) && message.contains("sample s7"), message);
    }

    @Test
    void aCheckSeesTheSizeThatDecodingWouldTakeAndEndsTheReading() {
        final class TooLarge extends Exception {
            private static final long serialVersionUID = 1L;
        }
        List<String> sizes = new ArrayList<>();
        for (String format : List.of("png", "jpg", "gif", "gif-screen")) {
            assertThrows(
                    TooLarge.class,
                    () -> RgbImage.check(claim(format, 60_000, 50_000), "t", (width, height) -> {
                        sizes.add(width + " x " + height);
                        if (width > 1_000) {
                            throw new TooLarge();
                        }
                    }));
        }
        assertEquals(List.of("60000 x 50000", "60000 x 50000", "60000 x 50000", "8 x 8", "60000 x 50000"), sizes);
    }

    @Test
    void theLongestSideThatIsAllowedDecodes() {
        for (int[] size : new int[][] {{65_535, 1}, {1, 65_535}}) {
            byte[] file = TestImages.rectangles(1, size[0], size[1]);
            RgbImage image = RgbImage.decode(file, "t");
            assertEquals(size[0], image.width());
            assertEquals(size[1], image.height());
        }
    }

    @ParameterizedTest
    @CsvSource({"420.jpg, 1", "420.jpg, 200", "progressive.jpg, 300", "gray.jpg, 40", "inks.jpg, 40", "rgb.png, 900"})
    void aFileThatEndsTooSoonIsRefused(String name, int missing) throws IOException {
        byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
        byte[] cut = Arrays.copyOf(whole, whole.length - missing);
        String message = assertThrows(JobException.class, () -> RgbImage.decode(cut, "sample s7"))
                .getMessage();
        assertTrue(message.contains("sample s7"), message);
    }

    static Stream<Path> pictures() throws IOException {
        return Files.list(PICTURES).sorted();
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void aDamagedFileIsAPictureOrBadInput(Path file) throws IOException {
        byte[] sound = Files.readAllBytes(file);
        Random random = new Random(sound.length);
        int refused = 0;
        for (int trial = 0; trial < 60; trial++) {
            byte[] damaged = trial % 3 == 0 ? Arrays.copyOf(sound, random.nextInt(sound.length)) : sound.clone();
            for (int i = 0; i < 1 + random.nextInt(8) && damaged.length > 0; i++) {
                // Mostly in the headers, where it matters.
                int end = random.nextBoolean() ? Math.min(64, damaged.length) : damaged.length;
                damaged[random.nextInt(end)] = (byte) random.nextInt(256);
            }
            String checked = refusal(() -> RgbImage.check(damaged, "sample s7", (width, height) -> {}));
            String decoded = refusal(() -> RgbImage.decode(damaged, "sample s7"));
            assertEquals(decoded, checked);
            if (decoded != null) {
                refused++;
                assertTrue(decoded.contains("sample s7"), decoded);
            }
        }
        assertTrue(refused > 0, "none of 60 was refused");
    }

    private static String refusal(Runnable reading) {
        try {
            reading.run();
            return null;
        } catch (JobException e) {
            return e.getMessage();
        }
    }

    private static byte[] claim(String format, int width, int height) {
        return switch (format) {
            case "png" -> png(width, height);
            case "gif", "gif-screen" -> ByteBuffer.allocate(40)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put("GIF89a".getBytes(StandardCharsets.US_ASCII))
                    .putShort((short) width)
                    .putShort((short) height)
                    .put(new byte[] {0, 0, 0, 0x2c, 0, 0, 0, 0})
                    .putShort((short) (format.equals("gif") ? width : 8)) // the frame's own
                    .putShort((short) (format.equals("gif") ? height : 8))
                    .array();
            default -> ByteBuffer.allocate(60)
                    .putShort((short) 0xffd8)
                    .putShort((short) 0xffc0)
                    .putShort((short) 17)
                    .put((byte) 8)
                    .putShort((short) height)
                    .putShort((short) width)
                    .put(new byte[] {3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0})
                    .putShort((short) 0xffda)
                    .putShort((short) 12)
                    .put(new byte[] {3, 1, 0, 2, 0, 3, 0, 0, 63, 0})
                    .array();
        };
    }

    private static byte[] png(int width, int height) {
        ByteBuffer header = ByteBuffer.allocate(17)
                .put("IHDR".getBytes(StandardCharsets.US_ASCII))
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0});
        CRC32 sum = new CRC32();
        sum.update(header.array());
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        file.writeBytes(header.array());
        file.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
        file.writeBytes(new byte[] {0, 0, 0, 0, 'I', 'D', 'A', 'T', 0, 0, 0, 0});
        return file.toByteArray();
    }
}
