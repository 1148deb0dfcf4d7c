package org.fednano.rows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapKeyValueTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.fednano.rows.BadValue.Kind;
import org.fednano.weights.HalfFloats;

/**
 * Parquet rows as JSON values, so that one reader serves tables of both kinds. Numbers are numbers with the text that Python
 * gives them; dates, times and UUIDs are texts; what has no text of its own (plain bytes, intervals, BSON) is bytes.
 */
public final class ParquetValues {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ParquetValues() {}

    /** @throws BadValue if a text's bytes are no UTF-8 */
    public static ObjectNode object(Group group, GroupType type) throws BadValue {
        ObjectNode object = NODES.objectNode();
        for (int f = 0; f < type.getFieldCount(); f++) {
            object.set(type.getFieldName(f), field(group, f, type.getType(f)));
        }
        return object;
    }

    private static JsonNode field(Group group, int f, Type type) throws BadValue {
        if (type.isRepetition(Type.Repetition.REPEATED)) {
            return repeated(group, f, type);
        }
        return group.getFieldRepetitionCount(f) == 0 ? NODES.nullNode() : value(group, f, 0, type);
    }

    private static ArrayNode repeated(Group group, int f, Type type) throws BadValue {
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(f); i++) {
            array.add(value(group, f, i, type));
        }
        return array;
    }

    private static JsonNode value(Group group, int f, int i, Type type) throws BadValue {
        if (type.isPrimitive()) {
            return primitive(group, f, i, type.asPrimitiveType());
        }
        Group inner = group.getGroup(f, i);
        GroupType innerType = type.asGroupType();
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        if (logical instanceof MapLogicalTypeAnnotation || logical instanceof MapKeyValueTypeAnnotation) {
            return map(inner, innerType);
        }
        return logical instanceof ListLogicalTypeAnnotation ? list(inner, innerType) : object(inner, innerType);
    }

    /** A map as an object with the keys' texts. */
    private static JsonNode map(Group group, GroupType type) throws BadValue {
        GroupType entry = type.getType(0).asGroupType();
        ObjectNode map = NODES.objectNode();
        for (int i = 0; i < group.getFieldRepetitionCount(0); i++) {
            Group one = group.getGroup(0, i);
            JsonNode value = entry.getFieldCount() > 1 ? field(one, 1, entry.getType(1)) : NODES.nullNode();
            map.set(Values.word(field(one, 0, entry.getType(0)), type.getName()), value);
        }
        return map;
    }

    /** Lists come in three levels, {@code list.element} under any names, and from older writers in two. */
    private static ArrayNode list(Group group, GroupType type) throws BadValue {
        Type repeated = type.getType(0);
        if (isElement(repeated, type.getName())) {
            return repeated(group, 0, repeated);
        }
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(0); i++) {
            array.add(field(group.getGroup(0, i), 0, repeated.asGroupType().getType(0)));
        }
        return array;
    }

    /** Whether the repeated level is the element itself: the rules of Parquet's format for lists of two levels. */
    private static boolean isElement(Type repeated, String list) {
        return repeated.isPrimitive()
                || repeated.asGroupType().getFieldCount() != 1
                || repeated.asGroupType().getType(0).isRepetition(Type.Repetition.REPEATED)
                || repeated.getName().equals("array")
                || repeated.getName().equals(list + "_tuple");
    }

    private static JsonNode primitive(Group group, int f, int i, PrimitiveType type) throws BadValue {
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        return switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> NODES.booleanNode(group.getBoolean(f, i));
            case INT32 -> integer(group.getInteger(f, i), Integer.toUnsignedLong(group.getInteger(f, i)), logical);
            case INT64 -> integer(group.getLong(f, i), group.getLong(f, i), logical);
            case FLOAT -> WrittenNumber.of(group.getFloat(f, i));
            case DOUBLE -> WrittenNumber.of(group.getDouble(f, i));
            case INT96 -> NODES.textNode(TimeText.int96(group.getInt96(f, i).getBytes()));
            case BINARY, FIXED_LEN_BYTE_ARRAY -> {
                byte[] bytes = group.getBinary(f, i).getBytes();
                yield YoungerTypes.isHalf(type) ? half(bytes) : bytes(bytes, type.getName(), logical);
            }
        };
    }

    /** Libraries have no text of their own for 16 bits: pyarrow shows the same number of 64. */
    private static JsonNode half(byte[] bytes) {
        short bits = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort();
        return WrittenNumber.of((double) HalfFloats.fromF16(bits));
    }

    /** @param bits the same bits without a sign; of 64 the highest may be set */
    private static JsonNode integer(long value, long bits, LogicalTypeAnnotation logical) {
        if (logical instanceof IntLogicalTypeAnnotation type && !type.isSigned()) {
            return bits < 0 ? NODES.numberNode(new BigInteger(Long.toUnsignedString(bits))) : NODES.numberNode(bits);
        } else if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
            return WrittenNumber.of(BigDecimal.valueOf(value, decimal.getScale()));
        } else if (logical instanceof DateLogicalTypeAnnotation) {
            return NODES.textNode(TimeText.date(value));
        } else if (logical instanceof TimeLogicalTypeAnnotation time) {
            return NODES.textNode(TimeText.time(value, time.getUnit()));
        } else if (logical instanceof TimestampLogicalTypeAnnotation stamp) {
            return NODES.textNode(TimeText.timestamp(value, stamp.getUnit(), stamp.isAdjustedToUTC()));
        }
        return NODES.numberNode(value);
    }

    private static JsonNode bytes(byte[] bytes, String column, LogicalTypeAnnotation logical) throws BadValue {
        if (logical instanceof StringLogicalTypeAnnotation
                || logical instanceof EnumLogicalTypeAnnotation
                || logical instanceof JsonLogicalTypeAnnotation) {
            return NODES.textNode(Values.utf8(bytes)
                    .orElseThrow(
                            () -> new BadValue(Kind.ENCODING, "the bytes of column '" + column + "' are no UTF-8")));
        } else if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
            if (bytes.length == 0) {
                throw new BadValue(Kind.TYPE, "a decimal number in column '" + column + "' has no digits");
            }
            return WrittenNumber.of(new BigDecimal(new BigInteger(bytes), decimal.getScale()));
        } else if (logical instanceof UUIDLogicalTypeAnnotation) {
            ByteBuffer halves = ByteBuffer.wrap(bytes);
            return NODES.textNode(new UUID(halves.getLong(), halves.getLong()).toString());
        }
        return NODES.binaryNode(bytes);
    }

    /** A row as text for people: bytes are counted, not shown; numbers have their own text. */
    public static String shown(JsonNode row) {
        return forPeople(row).toString();
    }

    private static JsonNode forPeople(JsonNode node) {
        if (node instanceof BinaryNode bytes) {
            return NODES.textNode("<" + bytes.binaryValue().length + " bytes>");
        }
        if (node instanceof WrittenNumber number) {
            return NODES.rawValueNode(new RawValue(number.asText()));
        }
        if (node.isArray()) {
            ArrayNode array = NODES.arrayNode();
            node.forEach(n -> array.add(forPeople(n)));
            return array;
        }
        if (node.isObject()) {
            ObjectNode object = NODES.objectNode();
            node.fields().forEachRemaining(e -> object.set(e.getKey(), forPeople(e.getValue())));
            return object;
        }
        return node;
    }
}
