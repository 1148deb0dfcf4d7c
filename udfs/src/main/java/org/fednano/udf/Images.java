package org.fednano.udf;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** What a picture's file says of itself, read by ImageIO (PNG, JPEG, GIF, BMP). */
public final class Images {

    /**
     * A picture's header.
     *
     * @param width pixels
     * @param height pixels
     * @param format lower case: {@code png}, {@code jpeg}, …
     */
    public record Info(int width, int height, String format) {
        public long pixels() {
            return (long) width * height;
        }
    }

    private Images() {}

    /** Reads the header only, so a small file that claims a huge picture costs nothing. Empty if it is no picture. */
    public static Optional<Info> info(byte[] file) {
        return read(
                file,
                reader -> new Info(
                        reader.getWidth(0),
                        reader.getHeight(0),
                        reader.getFormatName().toLowerCase(Locale.ROOT)));
    }

    private interface Use<T> {
        T of(ImageReader reader) throws IOException;
    }

    private static <T> Optional<T> read(byte[] file, Use<T> use) {
        // In memory: ImageIO's own default is a temporary file per picture.
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                return Optional.empty();
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true); // comments and profiles may unpack to gigabytes
                return Optional.ofNullable(use.of(reader));
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) {
            // ImageIO's readers answer broken files with either kind; both mean "not a picture".
            return Optional.empty();
        }
    }
}
