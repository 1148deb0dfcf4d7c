package org.fednano.prep.source;

import java.io.Serializable;

/**
 * Where a checked medium's bytes stand.
 *
 * @param modality name of the encoder that reads it
 * @param path below the media folder; of bytes that came inside a record: the spill file
 * @param offset first byte in the spill file, or −1 for a file of its own
 * @param length bytes in the spill file
 */
public record RawMedium(String modality, String path, long offset, int length) implements Serializable {

    /** A file below the media folder. */
    public static RawMedium file(String modality, String path) {
        return new RawMedium(modality, path, -1, 0);
    }

    public boolean spilled() {
        return offset >= 0;
    }
}
