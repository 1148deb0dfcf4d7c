package org.fednano.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * GIF and BMP files that Java's decoders would read otherwise than Pillow, written so that both agree. Pixels may lie beyond
 * the end of a palette, where Java wraps them around: in Pillow they are black; only where the palette is the ramp of grays
 * from black on, or there is none, is every pixel its own level of gray. Run lengths may lack the mark of their end, without
 * which Java leaves out the last row.
 */
final class RewrittenFile {

    private static final int COLOURS = 256;
    private static final int GIF_SCREEN = 13; // bytes of signature and screen
    private static final int TABLE = 0x80; // the flag for a colour table
    private static final int BMP_INFO = 14;

    private RewrittenFile() {}

    /** The file with a palette of 256 colours for its first frame; as it is where it has one or cannot be understood. */
    static byte[] gif(byte[] file) {
        if (file.length <= GIF_SCREEN) {
            return file;
        }
        int screen = GIF_SCREEN - 3; // its flags
        int frame = GIF_SCREEN + 3 * colours(file[screen]);
        while (frame + 2 < file.length && file[frame] == '!') { // extensions
            frame += 2;
            while (frame < file.length && file[frame] != 0) {
                frame += 1 + (file[frame] & 255);
            }
            frame++;
        }
        if (frame + 9 >= file.length || file[frame] != ',') {
            return file;
        }
        int own = frame + 9; // its flags
        return colours(file[own]) > 0 ? gif(file, own, own + 1) : gif(file, screen, GIF_SCREEN);
    }

    private static byte[] gif(byte[] file, int flags, int palette) {
        int colours = colours(file[flags]);
        if (colours == COLOURS || palette + 3 * colours > file.length) {
            return file;
        }
        byte[] whole = replaced(file, palette, 3 * colours, palette(file, palette, colours, 3));
        whole[flags] |= (byte) (TABLE | 7);
        return whole;
    }

    private static int colours(byte flags) {
        return (flags & TABLE) == 0 ? 0 : 2 << (flags & 7);
    }

    static byte[] bmp(byte[] file) {
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < BMP_INFO + 40 || header.getInt(BMP_INFO) < 40) {
            return file;
        }
        int compression = header.getInt(30);
        if (compression == 1 || compression == 2) {
            return withEnd(file, header);
        }
        return header.getShort(28) == 8 ? withRamp(file, header) : file;
    }

    /** Run lengths up to the end of the file, with the mark of the end behind them. */
    private static byte[] withEnd(byte[] file, ByteBuffer header) {
        long pixels = Integer.toUnsignedLong(header.getInt(10));
        long bytes = Integer.toUnsignedLong(header.getInt(34));
        if (bytes > 0 && pixels + bytes != file.length) {
            return file; // cut off, or more behind
        }
        byte[] whole = Arrays.copyOf(file, file.length + 2);
        whole[file.length + 1] = 1;
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(34, bytes == 0 ? 0 : (int) bytes + 2);
        return whole;
    }

    /** Pixels of eight bits with a short ramp of grays; Java has black for what lies beyond other palettes. */
    private static byte[] withRamp(byte[] file, ByteBuffer header) {
        long palette = BMP_INFO + Integer.toUnsignedLong(header.getInt(BMP_INFO));
        int colours = header.getInt(46);
        if (colours <= 0 || colours >= COLOURS || palette + 4L * colours > file.length) {
            return file;
        }
        byte[] colour = palette(file, (int) palette, colours, 4);
        if (colour[4 * COLOURS - 4] == 0) { // no ramp
            return file;
        }
        byte[] whole = replaced(file, (int) palette, 4 * colours, colour);
        ByteBuffer.wrap(whole)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(10, header.getInt(10) + 4 * (COLOURS - colours)) // where the pixels begin
                .putInt(46, COLOURS);
        return whole;
    }

    /** @param bytes of a colour */
    private static byte[] palette(byte[] file, int from, int colours, int bytes) {
        byte[] palette = new byte[bytes * COLOURS];
        System.arraycopy(file, from, palette, 0, bytes * colours);
        boolean ramp = true;
        for (int i = 0; i < 3 * colours; i++) {
            ramp &= (palette[i / 3 * bytes + i % 3] & 255) == i / 3;
        }
        for (int i = 3 * colours; ramp && i < 3 * COLOURS; i++) {
            palette[i / 3 * bytes + i % 3] = (byte) (i / 3);
        }
        return palette;
    }

    private static byte[] replaced(byte[] file, int from, int count, byte[] by) {
        byte[] whole = new byte[file.length - count + by.length];
        System.arraycopy(file, 0, whole, 0, from);
        System.arraycopy(by, 0, whole, from, by.length);
        System.arraycopy(file, from + count, whole, from + by.length, file.length - from - count);
        return whole;
    }
}
