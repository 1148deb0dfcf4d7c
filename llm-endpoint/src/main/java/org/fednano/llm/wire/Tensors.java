package org.fednano.llm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/** Named tensors of one message: shapes in the message, values as raw little-endian bytes beside it, in the same order. */
public final class Tensors {

    /** A tensor of the wire; its bytes fit its shape and type. */
    public record Tensor(String name, String type, int[] shape, ByteString raw) {

        public int[] ints() {
            int[] values = new int[raw.size() / Integer.BYTES];
            raw.asReadOnlyByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asIntBuffer()
                    .get(values);
            return values;
        }

        public float[] floats() {
            return WireType.valueOf(type).decode(raw);
        }

        /** The one element of a BYTES tensor of shape [1]. */
        public String text() {
            return raw.substring(Integer.BYTES).toString(StandardCharsets.UTF_8);
        }

        String shapeText() {
            return type + " " + Arrays.toString(shape);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Tensor t
                    && name.equals(t.name)
                    && type.equals(t.type)
                    && Arrays.equals(shape, t.shape)
                    && raw.equals(t.raw);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name, type, Arrays.hashCode(shape), raw);
        }
    }

    static final int MAX_RANK = 8;

    private final Map<String, Tensor> byName = new HashMap<>();
    private final int mostOfDimension;

    /** @param mostOfDimension largest dimension that a tensor may have: one without elements weighs nothing, whatever it says */
    Tensors(int mostOfDimension) {
        this.mostOfDimension = mostOfDimension;
    }

    /**
     * Adds a tensor of a received message.
     *
     * @throws LlmException BAD_REQUEST if the name is taken, or bytes, shape and type contradict each other; TOO_LARGE if
     *     they do not, but a dimension is too large
     */
    void add(String name, String type, List<Long> shape, ByteString raw) {
        String who = "Tensor '" + printable(name) + "'";
        require(shape.size() <= MAX_RANK, who + " must have few dimensions", "at most " + MAX_RANK, shape.size());
        int[] dims = new int[shape.size()];
        long elements = 1;
        for (int i = 0; i < dims.length; i++) {
            long dim = shape.get(i);
            require(dim >= 0 && dim <= Integer.MAX_VALUE, who + " must have dimensions", "0 to 2^31 - 1", dim);
            dims[i] = (int) dim;
            // Stays below 2^62: one factor is below 2^31, the other was just checked.
            elements *= dim;
            require(elements <= Integer.MAX_VALUE, who + " must hold few elements", "at most 2^31 - 1", "more");
        }
        if (type.equals("BYTES")) {
            require(elements == 1, who + " of BYTES must have one element", 1, elements);
            require(raw.size() >= Integer.BYTES, who + " must begin with its length", "4 bytes", raw.size());
            long length = Integer.toUnsignedLong(
                    raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getInt());
            require(length == raw.size() - Integer.BYTES, who + " must be as long as it says", length, raw.size() - 4);
        } else {
            long bytes = elements * width(type, who);
            require(raw.size() == bytes, who + " of " + type + " " + shape + " must have its bytes", bytes, raw.size());
        }
        for (int dim : dims) {
            LlmException.require(
                    dim <= mostOfDimension, Reason.TOO_LARGE, who + "'s dimensions", "at most " + mostOfDimension, dim);
        }
        require(byName.put(name, new Tensor(name, type, dims, raw)) == null, who + " must come once", 1, 2);
    }

    private static int width(String type, String who) {
        return switch (type) {
            case "INT32", "FP32" -> 4;
            case "FP16", "BF16" -> 2;
            default -> throw new LlmException(
                    Reason.BAD_REQUEST,
                    who + " must have a type of the contract: expected BYTES, INT32, FP32, FP16 or BF16, got "
                            + printable(type));
        };
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** A tensor that is there, whatever it is. */
    Tensor get(String name) {
        return byName.get(name);
    }

    /**
     * A tensor that must be there.
     *
     * @param shape expected; −1 stands for any
     * @throws LlmException BAD_REQUEST if it is missing, or of another type or shape
     */
    Tensor get(String name, String type, int... shape) {
        Tensor tensor = byName.get(name);
        require(tensor != null, "Tensor '" + name + "' is needed", type + " " + Arrays.toString(shape), "none");
        boolean fits = tensor.type.equals(type) && tensor.shape.length == shape.length;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = shape[i] == -1 || shape[i] == tensor.shape[i];
        }
        require(fits, "Tensor '" + name + "'", type + " " + Arrays.toString(shape), tensor.shapeText());
        return tensor;
    }

    public static Tensor ints(String name, int[] values, int... shape) {
        ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, Integer.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        raw.asIntBuffer().put(values);
        return new Tensor(name, "INT32", shape, UnsafeByteOperations.unsafeWrap(raw.array()));
    }

    public static Tensor floats(String name, WireType type, float[] values, int... shape) {
        return new Tensor(name, type.name(), shape, type.encode(values));
    }

    public static Tensor text(String name, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer raw = ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .put(bytes);
        return new Tensor(name, "BYTES", new int[] {1}, UnsafeByteOperations.unsafeWrap(raw.array()));
    }

    public static List<Long> shape(Tensor tensor) {
        return Arrays.stream(tensor.shape).mapToObj(d -> (long) d).toList();
    }

    public static void require(boolean holds, String rule, Object expected, Object got) {
        LlmException.require(holds, Reason.BAD_REQUEST, rule, expected, got);
    }

    /** A foreign text as it may stand in a message or log: short, one line. */
    public static String printable(String text) {
        String clean = text.replaceAll("[^\\x20-\\x7e]", "?");
        return clean.length() <= 40 ? clean : clean.substring(0, 40) + "...";
    }
}
