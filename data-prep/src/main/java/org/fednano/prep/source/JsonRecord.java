package org.fednano.prep.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;
import org.fednano.rows.Values;
import org.fednano.rows.WrittenNumber;

/** A record in JSON as a tree whose numbers keep the text that they have in the file. */
final class JsonRecord {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** What Jackson tells those who program with it. */
    private static final Pattern PARSERS_OWN =
            Pattern.compile(": enable `.*| \\(start marker at .*| \\(for Object starting at .*", Pattern.DOTALL);

    /** Texts may be as long as their record, whose length is limited; a name twice in one object has no one meaning. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonRecord() {}

    /** @throws RecordRejected if the text is not one JSON object */
    static JsonNode parse(String json) throws RecordRejected {
        JsonNode record;
        try (JsonParser parser = JSON.createParser(json)) {
            record = parser.nextToken() == null ? MissingNode.getInstance() : value(parser);
            if (parser.nextToken() != null) {
                throw new RecordRejected(RejectReason.BROKEN_RECORD, "not JSON: more behind the record's end");
            }
        } catch (JsonProcessingException e) {
            String found = PARSERS_OWN.matcher(e.getOriginalMessage()).replaceAll("");
            throw new RecordRejected(RejectReason.BROKEN_RECORD, "not JSON: " + found);
        } catch (IOException e) {
            throw new UncheckedIOException("Memory cannot fail to be read", e);
        }
        if (!record.isObject()) {
            throw new RecordRejected(
                    RejectReason.BROKEN_RECORD, "a record must be a JSON object: found " + Values.found(record));
        }
        return record;
    }

    private static JsonNode value(JsonParser parser) throws IOException, RecordRejected {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> NODES.textNode(parser.getText());
            case VALUE_NUMBER_INT -> integer(parser);
            case VALUE_NUMBER_FLOAT -> written(parser.getText());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            default -> NODES.nullNode();
        };
    }

    private static ObjectNode object(JsonParser parser) throws IOException, RecordRejected {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            object.set(name, value(parser));
        }
        return object;
    }

    private static ArrayNode array(JsonParser parser) throws IOException, RecordRejected {
        ArrayNode array = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            array.add(value(parser));
        }
        return array;
    }

    private static JsonNode integer(JsonParser parser) throws IOException {
        return switch (parser.getNumberType()) {
            case INT -> NODES.numberNode(parser.getIntValue());
            case LONG -> NODES.numberNode(parser.getLongValue());
            default -> NODES.numberNode(parser.getBigIntegerValue());
        };
    }

    private static JsonNode written(String number) throws RecordRejected {
        try {
            return WrittenNumber.of(number);
        } catch (NumberFormatException e) {
            throw new RecordRejected(
                    RejectReason.BROKEN_RECORD,
                    "a number of JSON must have an exponent within bounds: found " + number);
        }
    }
}
