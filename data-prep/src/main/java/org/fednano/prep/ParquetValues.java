package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.fednano.prep.Reject.Reason;

/** Parquet rows as JSON values, so that one reader serves tables of both kinds. */
final class ParquetValues {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ParquetValues() {}

    /** @throws Bad if a text's bytes are no UTF-8 */
    static ObjectNode object(Group group, GroupType type) throws Bad {
        ObjectNode object = NODES.objectNode();
        for (int f = 0; f < type.getFieldCount(); f++) {
            object.set(type.getFieldName(f), field(group, f, type.getType(f)));
        }
        return object;
    }

    private static JsonNode field(Group group, int f, Type type) throws Bad {
        if (type.isRepetition(Type.Repetition.REPEATED)) {
            return repeated(group, f, type);
        }
        return group.getFieldRepetitionCount(f) == 0 ? NODES.nullNode() : value(group, f, 0, type);
    }

    private static ArrayNode repeated(Group group, int f, Type type) throws Bad {
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(f); i++) {
            array.add(value(group, f, i, type));
        }
        return array;
    }

    private static JsonNode value(Group group, int f, int i, Type type) throws Bad {
        if (type.isPrimitive()) {
            return primitive(group, f, i, type.asPrimitiveType());
        }
        Group inner = group.getGroup(f, i);
        GroupType innerType = type.asGroupType();
        boolean list = LogicalTypeAnnotation.listType().equals(type.getLogicalTypeAnnotation());
        return list ? list(inner, innerType) : object(inner, innerType);
    }

    /** Lists come in three levels, {@code list.element}, and from older writers in two. */
    private static ArrayNode list(Group group, GroupType type) throws Bad {
        Type repeated = type.getType(0);
        if (repeated.isPrimitive() || repeated.asGroupType().getFieldCount() != 1) {
            return repeated(group, 0, repeated);
        }
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(0); i++) {
            array.add(field(group.getGroup(0, i), 0, repeated.asGroupType().getType(0)));
        }
        return array;
    }

    private static JsonNode primitive(Group group, int f, int i, PrimitiveType type) throws Bad {
        if (type.getLogicalTypeAnnotation() instanceof DecimalLogicalTypeAnnotation decimal) {
            return NODES.numberNode(new BigDecimal(unscaled(group, f, i, type), decimal.getScale()));
        }
        return switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> NODES.booleanNode(group.getBoolean(f, i));
            case INT32 -> NODES.numberNode(group.getInteger(f, i));
            case INT64 -> NODES.numberNode(group.getLong(f, i));
            case FLOAT -> NODES.numberNode(group.getFloat(f, i));
            case DOUBLE -> NODES.numberNode(group.getDouble(f, i));
            case INT96 -> NODES.binaryNode(group.getInt96(f, i).getBytes());
            case BINARY, FIXED_LEN_BYTE_ARRAY -> bytes(group.getBinary(f, i), type);
        };
    }

    private static BigInteger unscaled(Group group, int f, int i, PrimitiveType type) {
        return switch (type.getPrimitiveTypeName()) {
            case INT32 -> BigInteger.valueOf(group.getInteger(f, i));
            case INT64 -> BigInteger.valueOf(group.getLong(f, i));
            default -> new BigInteger(group.getBinary(f, i).getBytes());
        };
    }

    private static JsonNode bytes(Binary bytes, PrimitiveType type) throws Bad {
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        if (!LogicalTypeAnnotation.stringType().equals(logical)
                && !LogicalTypeAnnotation.enumType().equals(logical)
                && !LogicalTypeAnnotation.jsonType().equals(logical)) {
            return NODES.binaryNode(bytes.getBytes());
        }
        return NODES.textNode(IndexReader.utf8(bytes.getBytes())
                .orElseThrow(() ->
                        new Bad(Reason.BROKEN_ENCODING, "the bytes of column '" + type.getName() + "' are no UTF-8")));
    }

    /** A row as text for people: bytes are counted, not shown. */
    static String shown(JsonNode row) {
        return withoutBytes(row).toString();
    }

    private static JsonNode withoutBytes(JsonNode node) {
        if (node.isBinary()) {
            return NODES.textNode(
                    "<" + ((com.fasterxml.jackson.databind.node.BinaryNode) node).binaryValue().length + " bytes>");
        }
        if (node.isArray()) {
            ArrayNode array = NODES.arrayNode();
            node.forEach(n -> array.add(withoutBytes(n)));
            return array;
        }
        if (node.isObject()) {
            ObjectNode object = NODES.objectNode();
            node.fields().forEachRemaining(e -> object.set(e.getKey(), withoutBytes(e.getValue())));
            return object;
        }
        return node;
    }
}
