package org.fednano.prep.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.fednano.rows.Values;

/**
 * One character for each byte of a file, so that a JSON parser's character offsets are byte offsets and broken UTF-8
 * cannot stop it. Bytes beyond ASCII become private-use characters, which JSON allows in texts only, as it does the
 * characters that they are part of.
 */
final class IndexReader extends Reader {

    private static final int PRIVATE = 0xF700;

    private final InputStream in;
    private boolean first = true;
    private byte[] bytes = new byte[1 << 16];

    IndexReader(InputStream in) {
        this.in = in;
    }

    @Override
    public int read(char[] target, int from, int count) throws IOException {
        if (bytes.length < count) {
            bytes = new byte[count];
        }
        int n = in.read(bytes, 0, count);
        for (int i = 0; i < n; i++) {
            target[from + i] = (char) (bytes[i] < 0 ? PRIVATE + (bytes[i] & 0xFF) : bytes[i]);
        }
        if (first && n >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF) {
            Arrays.fill(target, from, from + 3, ' '); // a byte order mark says UTF-8 and nothing else
        }
        first = false;
        return n;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** A text that was parsed from this reader; empty if its bytes are no UTF-8. */
    static Optional<String> text(String parsed) {
        if (parsed.chars().allMatch(c -> c < 0x80)) {
            return Optional.of(parsed); // as almost all ids are
        }
        ByteArrayOutputStream utf8 = new ByteArrayOutputStream(parsed.length());
        parsed.codePoints().forEach(c -> {
            if (c >= PRIVATE + 0x80 && c <= PRIVATE + 0xFF) {
                utf8.write(c - PRIVATE);
            } else {
                utf8.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        });
        return Values.whole(parsed) ? Values.utf8(utf8.toByteArray()) : Optional.empty();
    }
}
