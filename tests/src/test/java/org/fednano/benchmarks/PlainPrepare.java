package org.fednano.benchmarks;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.encoder.RgbImage;

/**
 * What somebody would write by hand who trusts the data: IconQA's layout to a Parquet file per owner and split, each picture
 * read and decoded once, with the columns and the compression of {@code prepare}. No checks, no checksums, no Spark.
 */
final class PlainPrepare {

    private static final MessageType COLUMNS = MessageTypeParser.parseMessageType(
            """
            message sample {
              required binary sample_id (STRING);
              required binary client_id (STRING);
              required binary split (STRING);
              optional binary image;
              required binary question (STRING);
              required binary context (STRING);
              required group choices (LIST) { repeated group list { required binary element (STRING); } }
              required binary answer (STRING);
              required int32 answer_index;
              required binary task (STRING);
              required binary category (STRING);
              required binary source (STRING);
            }
            """);

    private final Path source;
    private final Path out;
    private final Configuration hadoop = new Configuration();

    PlainPrepare(Path source, Path out) {
        this.source = source;
        this.out = out;
        hadoop.setClass("fs.file.impl", RawLocalFileSystem.class, FileSystem.class); // no .crc files
        hadoop.setBoolean("fs.file.impl.disable.cache", true);
    }

    private record Problem(String id, JsonNode json) {
        String text(String field) {
            return json.path(field).asText();
        }
    }

    /** @return rows written */
    int run(int threads) throws IOException {
        List<List<Problem>> parts = new ArrayList<>(problems().values());
        parts.sort(Comparator.<List<Problem>>comparingInt(List::size).reversed()); // so that threads end together
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Integer>> written = new ArrayList<>();
            parts.forEach(part -> written.add(pool.submit(() -> write(part))));
            int rows = 0;
            for (Future<Integer> file : written) {
                rows += file.get();
            }
            return rows;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("The plain loop stopped", e);
        } finally {
            pool.shutdownNow();
        }
    }

    private Map<String, List<Problem>> problems() throws IOException {
        Map<String, List<Problem>> parts = new TreeMap<>();
        try (JsonParser json =
                new ObjectMapper().createParser(source.resolve("problems.json").toFile())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String id = json.currentName();
                json.nextToken();
                Problem problem = new Problem(id, json.readValueAsTree());
                parts.computeIfAbsent(problem.text("owner") + "/" + problem.text("split"), p -> new ArrayList<>())
                        .add(problem);
            }
        }
        return parts;
    }

    private int write(List<Problem> part) throws IOException {
        Problem first = part.get(0);
        Path file = out.resolve("client_id=" + first.text("owner") + "/split=" + first.text("split") + "/part.parquet");
        SimpleGroupFactory groups = new SimpleGroupFactory(COLUMNS);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(
                        HadoopOutputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), hadoop))
                .withType(COLUMNS)
                .withConf(hadoop)
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build()) {
            for (Problem p : part) {
                writer.write(row(groups.newGroup(), p));
            }
        }
        return part.size();
    }

    private Group row(Group row, Problem p) throws IOException {
        String folder = "iconqa/" + p.text("split") + "/" + p.text("ques_type") + "/" + p.id();
        byte[] picture = Files.readAllBytes(source.resolve(folder).resolve("image.png"));
        RgbImage.decode(picture, p.id());
        row.append("sample_id", p.id())
                .append("client_id", p.text("owner"))
                .append("split", p.text("split"))
                .append("image", Binary.fromConstantByteArray(picture))
                .append("question", p.text("question"))
                .append("context", "");
        JsonNode offered = p.json().path("choices");
        Group choices = row.addGroup("choices");
        offered.forEach(c -> choices.addGroup("list").append("element", c.asText()));
        int index = offered.isEmpty() ? -1 : p.json().path("answer").asInt();
        return row.append(
                        "answer",
                        index < 0 ? p.text("answer") : offered.get(index).asText())
                .append("answer_index", index)
                .append("task", p.text("ques_type"))
                .append("category", p.text("skill"))
                .append("source", folder);
    }
}
