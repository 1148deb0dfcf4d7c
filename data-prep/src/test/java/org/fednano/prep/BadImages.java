package org.fednano.prep;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** PNG files, written chunk by chunk, that are larger than they look. */
final class BadImages {

    private static final byte[] START = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int MEGABYTE = 1 << 20;

    private BadImages() {}

    /** A whole picture in black, one bit per pixel. */
    static byte[] blank(int width, int height) throws IOException {
        return png(width, height, new byte[0], zeros((long) height * ((width + 7) / 8 + 1)));
    }

    /** A sound picture of 8 × 8 whose packed comment unpacks to megabytes. */
    static byte[] withEndlessComment(int megabytes) throws IOException {
        byte[] packed = zeros((long) megabytes * MEGABYTE);
        byte[] name = {'k', 0, 0};
        ByteBuffer content =
                ByteBuffer.allocate(name.length + packed.length).put(name).put(packed);
        return png(8, 8, chunk("zTXt", content.array()), zeros(8 * 2));
    }

    /** A picture of 8 × 8 whose pixels unpack to megabytes. */
    static byte[] withEndlessPixels(int megabytes) throws IOException {
        return png(8, 8, new byte[0], zeros((long) megabytes * MEGABYTE));
    }

    /** A GIF whose one frame is a pixel on a screen of this size. */
    static byte[] gif(int width, int height) {
        return ByteBuffer.allocate(35)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("GIF89a".getBytes(StandardCharsets.US_ASCII))
                .putShort((short) width)
                .putShort((short) height)
                .put(new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, -1, -1, -1}) // two colours
                .put(new byte[] {',', 0, 0, 0, 0, 1, 0, 1, 0, 0}) // the frame's place
                .put(new byte[] {2, 2, 0x44, 1, 0, ';'})
                .array();
    }

    private static byte[] png(int width, int height, byte[] chunk, byte[] pixels) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {1, 0, 0, 0, 0})
                .array();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(START);
        png.writeBytes(chunk("IHDR", header));
        png.writeBytes(chunk);
        png.writeBytes(chunk("IDAT", pixels));
        png.writeBytes(chunk("IEND", new byte[0]));
        return png.toByteArray();
    }

    private static byte[] zeros(long count) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        byte[] some = new byte[MEGABYTE];
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed)) {
            for (long left = count; left > 0; left -= some.length) {
                out.write(some, 0, (int) Math.min(left, some.length));
            }
        }
        return packed.toByteArray();
    }

    private static byte[] chunk(String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        return ByteBuffer.allocate(content.length + 12)
                .putInt(content.length)
                .put(name)
                .put(content)
                .putInt((int) crc.getValue())
                .array();
    }
}
