package org.fednano.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.testing.TestImages;

/** A prepared shards folder as `prepare` leaves it, with a few coloured pictures per client. */
public final class TinyShards {

    static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            """
            message spark_schema {
              optional binary sample_id (STRING);
              optional binary client_id (STRING);
              optional binary split (STRING);
              optional binary image;
              optional binary question (STRING);
              optional binary context (STRING);
              optional group choices (LIST) { repeated group list { optional binary element (STRING); } }
              optional binary answer (STRING);
              optional int32 answer_index;
              optional binary task (STRING);
              optional binary category (STRING);
              optional binary source (STRING);
            }""");

    private static final List<String> COLOURS = List.of("red", "green", "blue");

    private TinyShards() {}

    /**
     * Writes shards.
     *
     * @param trainingRows n_k of each client; the clients are c001, c002, …
     */
    public static Path write(Path folder, long seed, int... trainingRows) throws IOException {
        return write(folder, seed, false, trainingRows);
    }

    /** The same with a picture in every row, as pretraining needs them. */
    public static Path writePictures(Path folder, long seed, int... trainingRows) throws IOException {
        return write(folder, seed, true, trainingRows);
    }

    private static Path write(Path folder, long seed, boolean pictures, int... trainingRows) throws IOException {
        Random random = new Random(seed);
        ObjectMapper json = new ObjectMapper();
        ObjectNode manifest = json.createObjectNode().put("format", 1).put("source_fingerprint", "test" + seed);
        ArrayNode clients = manifest.putArray("clients");
        for (int k = 0; k < trainingRows.length; k++) {
            String client = String.format("c%03d", k + 1);
            writeSplit(folder, client, "train", trainingRows[k], pictures, random);
            writeSplit(folder, client, "test", 5, pictures, random);
            ObjectNode entry = clients.addObject().put("client_id", client);
            entry.putObject("rows").put("train", trainingRows[k]).put("test", 5);
        }
        Files.write(folder.resolve("manifest.json"), json.writeValueAsBytes(manifest));
        return folder;
    }

    private static void writeSplit(Path folder, String client, String split, int rows, boolean pictures, Random random)
            throws IOException {
        Path file = folder.resolve("clients/client_id=" + client + "/split=" + split + "/part-00000.parquet");
        Files.createDirectories(file.getParent());
        write(file, SCHEMA, rows, i -> row(client, split, i, pictures, random));
    }

    /** Puts one row whose answer is blank where a file of rows was. */
    public static void writeWithEmptyAnswer(Path file) throws IOException {
        Group row = row("c001", "train", 2, true, new Random(1));
        Group blank = new SimpleGroup(SCHEMA);
        blank.add("sample_id", row.getString("sample_id", 0));
        blank.add("image", row.getBinary("image", 0));
        blank.add("question", row.getString("question", 0));
        blank.add("answer", " ");
        write(file, SCHEMA, 1, i -> blank);
    }

    /** Moves a client's folder of shards elsewhere, as an owner who stays apart would hold it. */
    public static Path moveOut(Path shards, String client, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        return Files.move(shards.resolve("clients/client_id=" + client), to);
    }

    /** Makes row i. */
    public interface Rows {
        Group row(int i);
    }

    public static void write(Path file, MessageType schema, int rows, Rows source) throws IOException {
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                .withConf(new Configuration())
                .withType(schema)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build()) {
            for (int i = 0; i < rows; i++) {
                writer.write(source.row(i));
            }
        }
    }

    private static Group row(String client, String split, int i, boolean picture, Random random) {
        int colour = random.nextInt(COLOURS.size());
        boolean free = i % 3 == 2;
        Group row = new SimpleGroup(SCHEMA);
        row.add("sample_id", client + "-" + split + "-" + i);
        row.add("client_id", client);
        row.add("split", split);
        if (picture || i % 4 != 3) {
            row.add("image", Binary.fromConstantByteArray(png(colour, random)));
        }
        row.add("question", free ? "Name the colour." : "Which colour is it?");
        row.add("context", "");
        Group choices = row.addGroup("choices");
        if (!free) {
            COLOURS.forEach(c -> choices.addGroup(0).add(0, c));
        }
        row.add("answer", COLOURS.get(colour));
        row.add("answer_index", free ? -1 : colour);
        row.add("task", free ? "fill_in_blank" : "choose_txt");
        row.add("category", free ? "naming" : "colour");
        row.add("source", "test");
        return row;
    }

    static byte[] png(int colour, Random random) {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                int noise = random.nextInt(60);
                image.setRGB(x, y, (0xff << (16 - 8 * colour)) ^ (noise << 8 | noise));
            }
        }
        return TestImages.file(image, "png");
    }
}
