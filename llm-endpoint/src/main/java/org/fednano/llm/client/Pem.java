package org.fednano.llm.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.settings.JobException;

/**
 * A certificate chain or a key in PEM.
 *
 * @param origin where it comes from, for messages
 * @param text its content, maybe a secret: {@link #toString} leaves it out
 */
public record Pem(String origin, String text) {

    /**
     * Reads a file.
     *
     * @param file null for none, which gives null
     * @throws JobException with status 2 if it cannot be read
     */
    public static Pem read(Path file) {
        try {
            return file == null ? null : new Pem(file.toString(), Files.readString(file));
        } catch (IOException e) {
            throw JobException.usage("A PEM file is expected at " + file + ": it cannot be read. Correct the path"
                    + " (llm.tls.ca, llm.tls.certificate, llm.tls.key) or the file's permissions.");
        }
    }

    InputStream stream() {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return origin;
    }
}
