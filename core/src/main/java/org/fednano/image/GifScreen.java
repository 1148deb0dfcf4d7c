package org.fednano.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;

/**
 * The screen that a GIF's first frame lies on. Pillow shows all of it, enlarged where the frame sticks out; around the frame
 * it has the transparent colour, or the palette's first.
 *
 * @param width pixels
 * @param height pixels
 * @param left of the frame
 * @param top of the frame
 */
record GifScreen(int width, int height, int left, int top) {

    static GifScreen of(ImageReader reader, byte[] file) throws IOException {
        IIOMetadataNode frame = (IIOMetadataNode) reader.getImageMetadata(0).getAsTree("javax_imageio_gif_image_1.0");
        IIOMetadataNode place =
                (IIOMetadataNode) frame.getElementsByTagName("ImageDescriptor").item(0);
        int left = Integer.parseInt(place.getAttribute("imageLeftPosition"));
        int top = Integer.parseInt(place.getAttribute("imageTopPosition"));
        // The screen's size stands behind the six bytes of the signature.
        int width = file[6] & 255 | (file[7] & 255) << 8;
        int height = file[8] & 255 | (file[9] & 255) << 8;
        return new GifScreen(
                Math.max(width, left + reader.getWidth(0)), Math.max(height, top + reader.getHeight(0)), left, top);
    }

    RgbImage with(BufferedImage frame) {
        RgbImage picture = ImageFile.rgb(frame, false);
        if (picture.width() == width && picture.height() == height) {
            return picture;
        }
        IndexColorModel palette = (IndexColorModel) frame.getColorModel();
        int around = palette.getRGB(Math.max(0, palette.getTransparentPixel()));
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (around >> 16 - 8 * (i % 3));
        }
        int row = 3 * picture.width();
        for (int y = 0; y < picture.height(); y++) {
            System.arraycopy(picture.rgb(), y * row, rgb, 3 * ((y + top) * width + left), row);
        }
        return new RgbImage(width, height, rgb);
    }
}
