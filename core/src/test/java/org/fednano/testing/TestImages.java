package org.fednano.testing;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.ImageIO;

/** Image files for tests of every module. */
public final class TestImages {

    private TestImages() {}

    /** A PNG of a dozen rectangles in random colours. */
    public static byte[] rectangles(int seed, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        Random random = new Random(seed);
        for (int i = 0; i < 12; i++) {
            g.setColor(new Color(random.nextInt(1 << 24)));
            g.fillRect(random.nextInt(width), random.nextInt(height), 1 + width / 3, 1 + height / 3);
        }
        g.dispose();
        return file(image, "png");
    }

    /** A PNG without a flat place, so that cutting it short must show. */
    public static byte[] uneven(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, i * 2654435);
        }
        return file(image, "png");
    }

    /** A black PNG. */
    public static byte[] black(int width, int height) {
        return file(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), "png");
    }

    /** The image as a file of {@code format}, a name that ImageIO knows. */
    public static byte[] file(BufferedImage image, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalArgumentException("no writer of " + format + " for such an image");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
