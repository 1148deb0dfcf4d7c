package org.fednano.sample;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.fednano.digest.Sha256;

/**
 * One sample's prompt before any NanoAdapter, named by its content: what travels once and may be kept by others.
 *
 * @param id {@link #idOf} of the rest: 64 hexadecimal digits
 * @param x (T, H), row-major; shared, not to be changed
 * @param modality (T)
 * @param hidden H
 */
public record Features(String id, float[] x, byte[] modality, int hidden) {

    /** Bytes of an id. */
    public static final int ID_BYTES = 32;

    private static final byte[] TYPE = "FP32".getBytes(StandardCharsets.US_ASCII);
    private static final int CHUNK = 1 << 14; // values that are turned into bytes at a time

    /** Names them. */
    public static Features of(float[] x, byte[] modality, int hidden) {
        return new Features(idOf(x, modality, hidden), x, modality, hidden);
    }

    /** SHA-256 over type, shape and values, as the endpoint's contract has it, in hexadecimal. */
    public static String idOf(float[] x, byte[] modality, int hidden) {
        MessageDigest digest = Sha256.begin();
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        digest.update(TYPE);
        bytes.putInt(modality.length).putInt(hidden);
        digest.update(bytes.array(), 0, bytes.position());
        for (int at = 0; at < x.length; at += CHUNK) {
            int some = Math.min(CHUNK, x.length - at);
            bytes.clear().asFloatBuffer().put(x, at, some);
            digest.update(bytes.array(), 0, Float.BYTES * some);
        }
        for (int at = 0; at < modality.length; at += CHUNK) {
            bytes.clear();
            for (int t = at; t < Math.min(modality.length, at + CHUNK); t++) {
                bytes.putInt(modality[t]);
            }
            digest.update(bytes.array(), 0, bytes.position());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** T. */
    public int tokens() {
        return modality.length;
    }

    /** Bytes that they take. */
    public long bytes() {
        return 4L * x.length + modality.length;
    }
}
