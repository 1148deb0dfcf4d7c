package org.fednano.sample;

import java.util.List;

/**
 * What a sample holds besides text: one file of one modality.
 *
 * @param modality name of the encoder that reads it, such as {@code image} or {@code audio}
 * @param bytes the file as read (PNG, JPEG, WAV, NPY); not copied, not to be changed
 */
public record Medium(String modality, byte[] bytes) {

    /** Modality of pictures. */
    public static final String IMAGE = "image";

    /** The media of a sample with one picture; none for null. */
    public static List<Medium> picture(byte[] file) {
        return file == null ? List.of() : List.of(new Medium(IMAGE, file));
    }
}
