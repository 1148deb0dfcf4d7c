package org.fednano.prep.source;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.fednano.digest.Sha256;

/** SHA-256 over fields, each preceded by its length so that neighbours cannot flow into each other. */
public final class Digests {

    private Digests() {}

    public static void add(MessageDigest digest, byte[] field) {
        digest.update(ByteBuffer.allocate(4).putInt(field.length).array());
        digest.update(field);
    }

    public static void add(MessageDigest digest, String field) {
        add(digest, field.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the SHA-256 of one text, hexadecimal. */
    public static String of(String text) {
        MessageDigest digest = Sha256.begin();
        add(digest, text);
        return Sha256.end(digest);
    }
}
