package org.fednano.rows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import java.util.ArrayList;
import java.util.List;
import org.fednano.rows.BadValue.Kind;

/** A picture or another medium as a row gives it. */
public sealed interface MediumValue {

    /** The bytes of its file. */
    record Bytes(byte[] bytes) implements MediumValue {}

    /** The name of its file. */
    record Name(String path) implements MediumValue {}

    /**
     * Bytes, a path, a data URI, {@code {bytes, path}} as Hugging Face's data sets have it, or a list of these. Nulls and
     * empty texts are none.
     */
    static List<MediumValue> of(JsonNode value, String column) throws BadValue {
        List<MediumValue> media = new ArrayList<>();
        if (value.isArray()) {
            for (JsonNode one : value) {
                media.addAll(of(one, column));
            }
        } else if (value instanceof BinaryNode binary) {
            media.add(new Bytes(binary.binaryValue()));
        } else if (value.isObject()) {
            media.addAll(object(value, column));
        } else if (value.isTextual() || Values.isNone(value)) {
            String text = Values.text(value, column, "");
            String stripped = text.strip();
            if (EncodedBytes.isDataUri(stripped)) {
                media.add(new Bytes(EncodedBytes.dataUri(stripped, column)));
            } else if (!text.isEmpty()) {
                media.add(new Name(text));
            }
        } else {
            throw new BadValue(
                    Kind.TYPE,
                    "'" + column + "' must be bytes, a path, a data URI, {bytes, path} or a list of these: found "
                            + Values.found(value));
        }
        return media;
    }

    private static List<MediumValue> object(JsonNode value, String column) throws BadValue {
        JsonNode bytes = value.path("bytes");
        if (!value.has("bytes") && !value.has("path")) {
            throw new BadValue(
                    Kind.TYPE, "'" + column + "' must have fields 'bytes' and 'path': found " + Values.found(value));
        }
        if (Values.isNone(bytes) || bytes.isTextual() && bytes.asText().isEmpty()) {
            return of(value.path("path"), column + ".path");
        }
        if (bytes.isTextual() && !EncodedBytes.isDataUri(bytes.asText().strip())) {
            return List.of(new Bytes(EncodedBytes.base64(bytes.asText(), column + ".bytes")));
        }
        if (!bytes.isTextual() && !bytes.isBinary()) {
            throw new BadValue(
                    Kind.TYPE, "'" + column + ".bytes' must be bytes, or base64 as text: found " + Values.found(bytes));
        }
        return of(bytes, column + ".bytes");
    }
}
