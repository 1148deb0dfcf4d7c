package org.fednano.encoder.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.fednano.encoder.NanoEdge;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;

/**
 * Which LLM a connector was made for: {@code connector.json} holds its name and the beginnings of a few rows of its embedding
 * table. Another LLM of the same width would take the connector's output and understand nothing of it; rows tell them apart
 * whatever they are stored in.
 */
public final class ConnectorOrigin {

    /** File in an encoder's folder. */
    public static final String FILE = "connector.json";

    private static final int ROWS = 8;
    private static final int VALUES = 16; // of each row

    /** Of the largest value: twice what bfloat16 loses. */
    private static final double ROUNDING = 0.01;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ConnectorOrigin() {}

    /**
     * The file's text.
     *
     * @param llm the LLM's name
     * @param vocabulary rows of its table
     * @param hidden H
     * @param table its rows
     */
    public static String text(String llm, int vocabulary, int hidden, NanoEdge.EmbeddingRows table) {
        int[] ids = IntStream.range(0, ROWS)
                .map(i -> (int) ((2L * i + 1) * vocabulary / (2 * ROWS)))
                .distinct()
                .toArray();
        float[] rows = table.embed(ids);
        ObjectNode root =
                JSON.createObjectNode().put("format", 1).put("llm", llm).put("hidden", hidden);
        ArrayNode embeddings = root.putArray("embeddings");
        for (int i = 0; i < ids.length; i++) {
            ArrayNode values = embeddings.addObject().put("id", ids[i]).putArray("values");
            for (int h = 0; h < Math.min(VALUES, hidden); h++) {
                values.add(rows[i * hidden + h]);
            }
        }
        return root.toPrettyString() + "\n";
    }

    /**
     * Checks a folder that says which LLM its connector is for; one without the file says nothing.
     *
     * @param hidden H of the LLM that is used
     * @param vocabulary rows of its table
     * @throws JobException with status 3 if it was made for another LLM
     */
    public static void require(Path folder, String llm, int hidden, int vocabulary, NanoEdge.EmbeddingRows table) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return;
        }
        JsonNode origin = read(file);
        JsonNode embeddings = origin.path("embeddings");
        int[] ids = IntStream.range(0, embeddings.size())
                .map(i -> embeddings.get(i).path("id").asInt())
                .toArray();
        boolean same = origin.path("hidden").asInt() == hidden
                && Arrays.stream(ids).allMatch(id -> id >= 0 && id < vocabulary);
        float[] rows = same ? table.embed(ids) : new float[0];
        for (int i = 0; same && i < ids.length; i++) {
            same = matches(embeddings.get(i).path("values"), rows, i * hidden);
        }
        if (!same) {
            throw JobException.badInput("The connector in " + folder + " must be made for the LLM in use, " + llm
                    + ": " + file.getFileName() + " says that it was made for "
                    + origin.path("llm").asText()
                    + ", whose embedding table is another. Use that LLM (model.dir, llm.endpoints), or make a"
                    + " connector for this one with `fednano align`.");
        }
    }

    private static boolean matches(JsonNode values, float[] rows, int from) {
        double difference = 0;
        double size = 0;
        for (int h = 0; h < values.size(); h++) {
            double value = values.get(h).asDouble();
            difference = Math.max(difference, Math.abs(value - rows[from + h]));
            size = Math.max(size, Math.abs(value));
        }
        return difference <= ROUNDING * size;
    }

    private static JsonNode read(Path file) {
        try {
            JsonNode root = HfModelFolder.json(Files.readString(file), file);
            if (root.path("format").asInt(0) != 1) {
                throw JobException.badInput("'format' in " + file + " must be 1: found " + root.path("format") + ".");
            }
            return root;
        } catch (IOException e) {
            throw JobException.badInput(file + " cannot be read: " + e.getMessage() + ".", e);
        }
    }
}
