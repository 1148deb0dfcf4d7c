package org.fednano.image;

import java.awt.image.BufferedImage;
import org.fednano.settings.JobException;

/**
 * A decoded picture.
 *
 * @param width pixels
 * @param height pixels
 * @param rgb (height, width, 3), one byte per channel; shared
 */
public record RgbImage(int width, int height, byte[] rgb) {

    /**
     * Pixels of a picture, at most: 64 Mi, some 0.4 GB of memory while it is decoded. A few bytes can claim to be a picture of
     * a terabyte; this is checked before memory is taken.
     */
    public static final int MAX_PIXELS = 1 << 26;

    /** Pixels on one side, at most; as JPEG has it. */
    public static final int MAX_SIDE = 65_535;

    public RgbImage {
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("A picture of " + width + " x " + height + " holds "
                    + 3L * width * height + " bytes: got " + rgb.length);
        }
    }

    /**
     * Decodes a PNG, JPEG, GIF (first frame) or BMP file to the pixels that Pillow's {@code convert("RGB")} gives:
     * transparency is left out, as are colour profiles and an orientation in the file's metadata; gray of 16 bits is clipped
     * at 255, other samples of 16 bits keep their upper half.
     *
     * @param file the file's bytes
     * @param where whose picture it is, for messages
     * @throws JobException with status 3 if it cannot be decoded, or is larger than {@link #MAX_PIXELS} or
     *     {@link #MAX_SIDE}
     */
    public static RgbImage decode(byte[] file, String where) {
        return new ImageFile(file, where).<RuntimeException>decode((width, height) -> {}, true);
    }

    /**
     * Decides by a picture's size whether it is looked at.
     *
     * @param <E> what it throws if not; unchecked exceptions would be taken for a decoder's
     */
    @FunctionalInterface
    public interface SizeCheck<E extends Exception> {
        void check(int width, int height) throws E;
    }

    /**
     * Whether {@link #decode} can read a file, with a limit of the caller's own: the same code, up to the last step, which
     * is done for the first row only.
     *
     * @param size asked before memory is taken for pixels; of a GIF for its frame and its screen
     * @throws E if {@code size} does
     * @throws JobException as {@code decode} does
     */
    public static <E extends Exception> void check(byte[] file, String where, SizeCheck<E> size) throws E {
        new ImageFile(file, where).decode(size, false);
    }

    /** The pixels of an image; transparency is left out. */
    public static RgbImage of(BufferedImage image) {
        return ImageFile.rgb(image, false);
    }
}
