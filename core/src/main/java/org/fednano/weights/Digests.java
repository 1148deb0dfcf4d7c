package org.fednano.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import org.fednano.digest.Sha256;
import org.fednano.settings.JobException;

/** SHA-256, in hexadecimal, over what features depend on. */
public final class Digests {

    private Digests() {}

    /** Over texts, each with its length. */
    public static String ofTexts(List<String> parts) {
        MessageDigest digest = Sha256.begin();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
            digest.update(bytes);
        }
        return Sha256.end(digest);
    }

    /** Over tensors as float32, with their names, in order of the names. */
    public static String ofTensors(TensorSource tensors) {
        MessageDigest digest = Sha256.begin();
        ByteBuffer bytes = ByteBuffer.allocate(4 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (String name : tensors.names()) {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            long size = tensors.size(name);
            for (long from = 0; from < size; ) {
                int count = (int) Math.min(bytes.capacity() / 4, size - from);
                tensors.readFinite(name, from, bytes.asFloatBuffer().limit(count));
                digest.update(bytes.array(), 0, 4 * count);
                from += count;
            }
        }
        return Sha256.end(digest);
    }

    /**
     * Over a file's bytes.
     *
     * @throws JobException with status 3 if it cannot be read
     */
    public static String ofFile(Path file) {
        MessageDigest digest = Sha256.begin();
        try {
            Sha256.add(digest, file);
        } catch (IOException e) {
            throw JobException.badInput(file + " cannot be read: " + e.getMessage() + ".", e);
        }
        return Sha256.end(digest);
    }
}
