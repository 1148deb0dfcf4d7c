package org.fednano.iconworld;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes 8-bit RGB pictures as PNG (W3C PNG specification, second edition), filter 0 on each row. ImageIO takes several
 * times as long for pictures this small, most of it set-up per picture.
 */
final class Png {

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    private Png() {}

    /**
     * @param rgb (side × side), packed RGB, row-major
     */
    static byte[] encode(int[] rgb, int side) {
        byte[] rows = new byte[side * (1 + 3 * side)];
        int at = 0;
        for (int y = 0; y < side; y++) {
            rows[at++] = 0;
            for (int x = 0; x < side; x++) {
                int p = rgb[y * side + x];
                rows[at++] = (byte) (p >> 16);
                rows[at++] = (byte) (p >> 8);
                rows[at++] = (byte) p;
            }
        }
        ByteBuffer header = ByteBuffer.allocate(13).putInt(side).putInt(side);
        header.put((byte) 8).put((byte) 2).put((byte) 0).put((byte) 0).put((byte) 0);
        ByteArrayOutputStream png = new ByteArrayOutputStream(2048);
        png.writeBytes(SIGNATURE);
        chunk(png, "IHDR", header.array());
        chunk(png, "IDAT", deflate(rows));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static byte[] deflate(byte[] rows) {
        Deflater deflater = new Deflater(6);
        try {
            deflater.setInput(rows);
            deflater.finish();
            byte[] out = new byte[rows.length + 64]; // deflate's worst case is some bytes above its input
            int n = deflater.deflate(out);
            return java.util.Arrays.copyOf(out, n);
        } finally {
            deflater.end();
        }
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(name);
        png.writeBytes(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
