package org.fednano.udf;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
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

    /** libjpeg's words for pixels that it made up; other warnings, such as a missing end mark, lose none. */
    private static final List<String> LOSSES = List.of("premature end of data segment", "bad Huffman code");

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

    /** Whether the whole picture can be decoded. Look at {@link #info} first: this allocates all its pixels. */
    public static boolean decodes(byte[] file) {
        boolean[] cut = {false};
        boolean decoded = read(file, reader -> {
                    // The JPEG reader makes grey of what is missing and says so by the way.
                    reader.addIIOReadWarningListener((source, warning) -> cut[0] |= tellsOfLoss(warning));
                    return reader.read(0);
                })
                .isPresent();
        return decoded && !cut[0];
    }

    private static boolean tellsOfLoss(String warning) {
        return LOSSES.stream().anyMatch(warning::contains);
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
                // Without comments and profiles, which a few kilobytes can make gigabytes of.
                reader.setInput(in, true, true);
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
