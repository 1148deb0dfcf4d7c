package org.fednano.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DirectColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.fednano.settings.JobException;

/**
 * A picture's file, decoded to the bytes that Pillow makes of it.
 *
 * @param file its bytes
 * @param where whose picture it is, for messages
 */
record ImageFile(byte[] file, String where) {

    private static final Set<String> FORMATS = Set.of("png", "jpeg", "gif", "bmp");

    /** @param whole whether the rows below the first are wanted; all are read in any case */
    <E extends Exception> RgbImage decode(RgbImage.SizeCheck<E> size, boolean whole) throws E {
        JpegHeader jpeg = JpegHeader.isJpeg(file) ? JpegHeader.of(file) : null;
        byte[] bytes = jpeg == null ? asPillowReadsIt() : jpeg.plain();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            ImageReader reader = reader(in);
            try {
                List<String> warnings = new ArrayList<>(); // no exceptions through native code
                reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
                boolean gif = reader.getFormatName().equalsIgnoreCase("gif");
                reader.setInput(
                        in, true, !gif); // metadata may hold bombs of their own; GIF's cannot, and tell the place
                checkSize(reader.getWidth(0), reader.getHeight(0), size);
                RgbImage image;
                if (jpeg != null && jpeg.components() == 4) {
                    image = jpeg.rgb(reader.readRaster(0, null));
                } else if (gif) {
                    GifScreen screen = GifScreen.of(reader, file);
                    checkSize(screen.width(), screen.height(), size);
                    image = screen.with(reader.read(0));
                } else {
                    BufferedImage read = reader.read(0);
                    image = rgb(whole ? read : read.getSubimage(0, 0, read.getWidth(), 1), isGrayPngOf16Bits());
                }
                requireWhole(warnings);
                return image;
            } finally {
                reader.dispose();
            }
        } catch (JobException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Java's decoders throw unchecked exceptions, too, on corrupt files.
            throw JobException.badInput(
                    "Picture of " + where + " must be PNG, JPEG, GIF or BMP: it cannot be decoded (" + e.getMessage()
                            + ").",
                    e);
        }
    }

    private byte[] asPillowReadsIt() {
        if (file.length > 2 && file[0] == 'B' && file[1] == 'M') {
            return RewrittenFile.bmp(file);
        }
        return file.length > 2 && file[0] == 'G' && file[1] == 'I' ? RewrittenFile.gif(file) : file;
    }

    private ImageReader reader(ImageInputStream in) throws IOException {
        for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
            ImageReader reader = readers.next();
            if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        throw JobException.badInput("Picture of " + where + " must be PNG, JPEG, GIF or BMP: found " + file.length
                + " bytes of another format.");
    }

    private <E extends Exception> void checkSize(int width, int height, RgbImage.SizeCheck<E> own) throws E {
        own.check(width, height);
        if (Math.max(width, height) > RgbImage.MAX_SIDE || (long) width * height > RgbImage.MAX_PIXELS) {
            throw JobException.badInput("Picture of " + where + " must have at most " + RgbImage.MAX_PIXELS
                    + " pixels and " + RgbImage.MAX_SIDE + " on a side: found " + width + " x " + height
                    + ". Make it smaller.");
        }
    }

    /** Java's JPEG decoder fills up with gray what a file does not hold any more, and only warns; Pillow refuses it. */
    private void requireWhole(List<String> warnings) {
        if (warnings.stream().anyMatch(w -> w.startsWith("Truncated"))) {
            throw JobException.badInput("Picture of " + where + " must be a whole file: found one that ends after "
                    + file.length + " bytes without an end marker. Copy it again.");
        }
    }

    private boolean isGrayPngOf16Bits() {
        return file.length > 25 && file[1] == 'P' && file[2] == 'N' && file[24] == 16 && file[25] == 0;
    }

    /** @param clips samples of 16 bits to 255 instead of keeping their upper half: Pillow's way with gray */
    static RgbImage rgb(BufferedImage image, boolean clips) {
        int width = image.getWidth();
        byte[] rgb = new byte[3 * width * image.getHeight()];
        // Samples as they are: getRGB would apply colour profiles, and brightens gray.
        ColorModel model = image.getColorModel();
        boolean packed = model instanceof DirectColorModel && model.getComponentSize(0) < 8; // getRGB would round
        boolean plain = packed || model instanceof ComponentColorModel;
        int[] row = new int[plain ? width * image.getRaster().getNumBands() : width];
        for (int y = 0; y < image.getHeight(); y++) {
            int at = 3 * y * width;
            if (plain) {
                components(image.getRaster(), y, clips, packed, row, rgb, at);
            } else {
                image.getRGB(0, y, width, 1, row, 0, width);
                for (int x = 0; x < width; x++) {
                    rgb[at++] = (byte) (row[x] >> 16);
                    rgb[at++] = (byte) (row[x] >> 8);
                    rgb[at++] = (byte) row[x];
                }
            }
        }
        return new RgbImage(width, image.getHeight(), rgb);
    }

    private static void components(
            Raster raster, int y, boolean clips, boolean packed, int[] row, byte[] rgb, int from) {
        int bands = raster.getNumBands();
        int[] bits = raster.getSampleModel().getSampleSize();
        raster.getPixels(0, y, raster.getWidth(), 1, row);
        int at = from;
        for (int x = 0; x < raster.getWidth(); x++) {
            for (int c = 0; c < 3; c++) {
                int band = bands < 3 ? 0 : c;
                int sample = row[x * bands + band];
                if (packed) {
                    rgb[at++] = (byte) (sample * 255 / ((1 << bits[band]) - 1));
                } else {
                    rgb[at++] = (byte) (clips ? Math.min(255, sample) : sample >> bits[0] - 8);
                }
            }
        }
    }
}
