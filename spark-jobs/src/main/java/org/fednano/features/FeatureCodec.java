package org.fednano.features;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.fednano.sample.PromptFeatures;

/**
 * One sample's features as bytes, little-endian: for the scratch file of a task and for checksums. Not a stored format.
 */
public final class FeatureCodec {

    private FeatureCodec() {}

    /** The bytes of a row. */
    public static byte[] encode(PromptFeatures row) {
        byte[] id = utf8(row.sampleId());
        byte[] text = utf8(row.answerText());
        byte[] category = utf8(row.category());
        int size = 4 * 8 + id.length + text.length + category.length + row.modality().length;
        size = Math.addExact(size, Math.multiplyExact(4, row.embeds().length));
        size += 4 * row.answer().length;
        for (int[] choice : row.choices()) {
            size += 4 + 4 * choice.length;
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        put(out, id);
        out.putInt(row.embeds().length);
        out.asFloatBuffer().put(row.embeds());
        out.position(out.position() + 4 * row.embeds().length);
        put(out, row.modality());
        put(out, row.answer());
        out.putInt(row.choices().length);
        for (int[] choice : row.choices()) {
            put(out, choice);
        }
        out.putInt(row.answerIndex());
        put(out, text);
        put(out, category);
        return out.array();
    }

    /** The row of those bytes. */
    static PromptFeatures decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        String id = new String(bytes(in), StandardCharsets.UTF_8);
        float[] embeds = new float[in.getInt()];
        in.asFloatBuffer().get(embeds);
        in.position(in.position() + 4 * embeds.length);
        byte[] modality = bytes(in);
        int[] answer = ints(in);
        int[][] choices = new int[in.getInt()][];
        for (int c = 0; c < choices.length; c++) {
            choices[c] = ints(in);
        }
        int answerIndex = in.getInt();
        String text = new String(bytes(in), StandardCharsets.UTF_8);
        String category = new String(bytes(in), StandardCharsets.UTF_8);
        return new PromptFeatures(id, embeds, modality, answer, choices, answerIndex, text, category);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void put(ByteBuffer out, byte[] bytes) {
        out.putInt(bytes.length).put(bytes);
    }

    private static void put(ByteBuffer out, int[] ints) {
        out.putInt(ints.length);
        for (int i : ints) {
            out.putInt(i);
        }
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return bytes;
    }

    private static int[] ints(ByteBuffer in) {
        int[] ints = new int[in.getInt()];
        in.asIntBuffer().get(ints);
        in.position(in.position() + 4 * ints.length);
        return ints;
    }
}
