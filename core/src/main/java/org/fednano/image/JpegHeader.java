package org.fednano.image;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;

/**
 * What a JPEG file's markers say of its colours, and the file without colour profiles: Java's decoder would apply them,
 * Pillow does not. Files of four inks are handed out by Java as they are.
 *
 * @param components 1 gray, 3 colour, 4 inks
 * @param inksAsYcc whether three of the four are stored as luminance and chrominance (Adobe's transform 2)
 * @param plain the file without profiles
 */
record JpegHeader(int components, boolean inksAsYcc, byte[] plain) {

    private static final int START_OF_SCAN = 0xda;
    private static final int APP2 = 0xe2; // holds profiles
    private static final int APP14 = 0xee; // Adobe's

    static boolean isJpeg(byte[] file) {
        return file.length > 3 && (file[0] & 255) == 0xff && (file[1] & 255) == 0xd8;
    }

    static JpegHeader of(byte[] file) {
        ByteArrayOutputStream plain = new ByteArrayOutputStream(file.length);
        int components = 0;
        boolean ycc = false;
        int at = 2;
        plain.write(file, 0, at);
        while (at + 4 <= file.length && (file[at] & 255) == 0xff && (file[at + 1] & 255) != START_OF_SCAN) {
            int marker = file[at + 1] & 255;
            if (marker == 0xff) { // a fill byte
                at++;
                continue;
            }
            int length = Math.min(file.length - at, 2 + ((file[at + 2] & 255) << 8 | file[at + 3] & 255));
            if (isFrame(marker) && length > 9) {
                components = file[at + 9];
            } else if (marker == APP14 && length > 15) {
                ycc = file[at + 15] == 2;
            }
            if (marker != APP2) {
                plain.write(file, at, length);
            }
            at += length;
        }
        plain.write(file, at, file.length - at);
        return new JpegHeader(components, ycc, plain.toByteArray());
    }

    /** Start of frame: 0xc0 to 0xcf without the tables DHT, JPG, DAC. */
    private static boolean isFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    /**
     * Four inks to RGB as Pillow does it; like Pillow, it takes them for inverted, as Adobe writes them.
     *
     * @param inks four bands
     */
    RgbImage rgb(Raster inks) {
        int width = inks.getWidth();
        byte[] rgb = new byte[3 * width * inks.getHeight()];
        int[] row = new int[4 * width];
        int at = 0;
        for (int y = 0; y < inks.getHeight(); y++) {
            inks.getPixels(0, y, width, 1, row);
            for (int x = 0; x < row.length; x += 4) {
                if (inksAsYcc) {
                    toInks(row, x);
                }
                int black = row[x + 3]; // inverted: 255 is no ink
                for (int c = 0; c < 3; c++) {
                    int product = (255 - row[x + c]) * black + 128;
                    rgb[at++] = (byte) Math.max(0, black - ((product >> 8) + product >> 8));
                }
            }
        }
        return new RgbImage(width, inks.getHeight(), rgb);
    }

    /** The JPEG library's own conversion in 16-bit fixed point, to inverted inks. */
    private static void toInks(int[] row, int x) {
        int y = row[x];
        int cb = row[x + 1] - 128;
        int cr = row[x + 2] - 128;
        row[x] = 255 - clip(y + (91881 * cr + 32768 >> 16));
        row[x + 1] = 255 - clip(y + (-22554 * cb - 46802 * cr + 32768 >> 16));
        row[x + 2] = 255 - clip(y + (116130 * cb + 32768 >> 16));
    }

    private static int clip(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
