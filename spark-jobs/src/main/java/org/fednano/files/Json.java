package org.fednano.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.settings.JobException;

/**
 * The store's JSON documents: each begins with the number of its format, so that old ones stay readable for ever, and ends
 * with a seal, the SHA-256 of the document without it.
 */
public final class Json {

    /** Written by this version. A change that older versions would misread counts it up; readers keep the old ways. */
    static final int FORMAT = 1;

    private static final String SEAL = "sha256";

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Json() {}

    /** A new document with its format. */
    public static ObjectNode document() {
        return MAPPER.createObjectNode().put("format", FORMAT);
    }

    /** The document as it is written, sealed. */
    public static byte[] bytes(ObjectNode document) {
        ObjectNode sealed = document.deepCopy();
        sealed.remove(SEAL);
        return unsealed(sealed.put(SEAL, Sha256.of(unsealed(sealed))));
    }

    /**
     * What is wrong with a document as it lies there; empty if nothing is. One of a version that knew no seals need be
     * JSON only.
     */
    public static Optional<String> damage(byte[] content) {
        try {
            if (!(MAPPER.readTree(content) instanceof ObjectNode document)) {
                return Optional.of("no JSON object");
            }
            if (document.has(SEAL)) {
                return Arrays.equals(content, bytes(document))
                        ? Optional.empty()
                        : Optional.of("not what its own SHA-256 was taken of");
            }
            String last = "";
            for (JsonNode value : document) {
                last = value.asText();
            }
            // No document of those versions ends so.
            return last.matches("[0-9a-f]{64}") ? Optional.of("its seal has lost its name") : Optional.empty();
        } catch (IOException e) {
            return Optional.of(
                    "no JSON" + (e instanceof JsonProcessingException why ? ": " + why.getOriginalMessage() : ""));
        }
    }

    private static byte[] unsealed(ObjectNode document) {
        try {
            return (MAPPER.writeValueAsString(document) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a document.
     *
     * @throws JobException status 3 if it is not JSON, or its format is none that this version knows
     */
    public static JsonNode read(RunFiles files, Path file) throws IOException {
        JsonNode document;
        try {
            document = MAPPER.readTree(files.read(file));
        } catch (JsonProcessingException e) {
            throw JobException.badInput(
                    file + " must be JSON: " + e.getOriginalMessage()
                            + ". The run folder is damaged; restore the file or start another run.",
                    e);
        }
        int format = document.path("format").asInt(-1);
        if (format < 1 || format > FORMAT) {
            throw JobException.badInput(file + " must have a format from 1 to " + FORMAT + ": found "
                    + document.path("format") + ". A newer version of the project wrote it; use that one.");
        }
        return document;
    }

    /**
     * A text field that must be there.
     *
     * @throws JobException status 3 if it is missing
     */
    public static String text(JsonNode document, String field, Path file) {
        JsonNode value = document.get(field);
        if (value == null || !value.isTextual()) {
            throw JobException.badInput(file + " must hold a text '" + field + "': found " + value
                    + ". The run folder is damaged; restore the file or start another run.");
        }
        return value.asText();
    }

    /** JSON text as a tree, for texts that this program wrote. */
    public static JsonNode parse(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** A value as a tree. */
    public static JsonNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }
}
