package org.fednano.encoder;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.fednano.settings.JobException;

/**
 * A decoded picture.
 *
 * @param width pixels
 * @param height pixels
 * @param rgb (height, width, 3), one byte per channel; shared
 */
public record RgbImage(int width, int height, byte[] rgb) {

    public RgbImage {
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("A picture of " + width + " x " + height + " holds "
                    + 3L * width * height + " bytes: got " + rgb.length);
        }
    }

    /**
     * Decodes a PNG, JPEG, GIF or BMP file; what is transparent is laid on white.
     *
     * @param file the file's bytes
     * @param where whose picture it is, for messages
     * @throws JobException with status 3 if it cannot be decoded
     */
    public static RgbImage decode(byte[] file, String where) {
        BufferedImage image;
        try {
            image = ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(file)));
        } catch (IOException | RuntimeException e) {
            // Java's decoders throw unchecked exceptions, too, on corrupt files.
            throw JobException.badInput(
                    "Picture of " + where + " must be PNG or JPEG: it cannot be decoded (" + e.getMessage() + ").", e);
        }
        if (image == null) {
            throw JobException.badInput(
                    "Picture of " + where + " must be PNG or JPEG: found " + file.length + " bytes of another format.");
        }
        return of(image);
    }

    /** The pixels of an image; what is transparent is laid on white. */
    public static RgbImage of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] rgb = new byte[3 * width * height];
        boolean gray = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY
                && !(image.getColorModel() instanceof IndexColorModel);
        if (gray) {
            readGray(image, rgb);
        } else {
            int[] row = new int[width];
            for (int y = 0; y < height; y++) {
                image.getRGB(0, y, width, 1, row, 0, width);
                for (int x = 0; x < width; x++) {
                    int alpha = row[x] >>> 24;
                    int at = 3 * (y * width + x);
                    rgb[at] = onWhite(row[x] >> 16 & 255, alpha);
                    rgb[at + 1] = onWhite(row[x] >> 8 & 255, alpha);
                    rgb[at + 2] = onWhite(row[x] & 255, alpha);
                }
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /** Java takes gray files for linear light and getRGB brightens them; other tools take the sample as it is. */
    private static void readGray(BufferedImage image, byte[] rgb) {
        Raster raster = image.getRaster();
        int shift = image.getColorModel().getComponentSize(0) - 8;
        boolean hasAlpha = raster.getNumBands() > 1;
        int at = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int value = to8(raster.getSample(x, y, 0), shift);
                int alpha = hasAlpha ? to8(raster.getSample(x, y, 1), shift) : 255;
                byte b = onWhite(value, alpha);
                rgb[at++] = b;
                rgb[at++] = b;
                rgb[at++] = b;
            }
        }
    }

    private static int to8(int sample, int shift) {
        return shift >= 0 ? sample >> shift : sample * 255 / ((1 << 8 + shift) - 1);
    }

    private static byte onWhite(int value, int alpha) {
        return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}
