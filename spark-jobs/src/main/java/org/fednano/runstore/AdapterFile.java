package org.fednano.runstore;

import org.fednano.adapter.AdapterLayout;

/**
 * A global adapter as the bytes of its {@code adapter.safetensors}: tensors {@code image.down}, {@code image.up},
 * {@code text.down}, {@code text.up} (those that the run trains), F32, with round, rank, alpha and modalities as
 * metadata. The same round, layout and values always give the same bytes. Immutable.
 */
public final class AdapterFile {

    /** The adapter θ after {@code round}; {@code theta} holds {@code layout.size()} values and is not copied. */
    public static AdapterFile of(int round, AdapterLayout layout, float[] theta) {
        throw new UnsupportedOperationException();
    }

    /** Rounds that made it; 0 is the initial adapter. */
    public int round() {
        throw new UnsupportedOperationException();
    }

    public AdapterLayout layout() {
        throw new UnsupportedOperationException();
    }

    /** θ, {@code layout().size()} values; not to be changed. */
    public float[] theta() {
        throw new UnsupportedOperationException();
    }

    /** The file's bytes; not to be changed. */
    public byte[] bytes() {
        throw new UnsupportedOperationException();
    }

    /** SHA-256 of the file's bytes, hexadecimal: the column {@code adapter_sha256}. */
    public String sha256() {
        throw new UnsupportedOperationException();
    }
}
