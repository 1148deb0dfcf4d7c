package org.fednano.benchmarks;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.image.RgbImage;

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

    PlainPrepare(Path source, Path out) {
        this.source = source;
        this.out = out;
    }

    /** Without Hadoop's local file system, which calls chmod for each file and folder. */
    private record LocalOutput(Path file) implements OutputFile {
        @Override
        public PositionOutputStream create(long blockSize) throws IOException {
            OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
            return new PositionOutputStream() {
                private long at;

                @Override
                public long getPos() {
                    return at;
                }

                @Override
                public void write(int b) throws IOException {
                    out.write(b);
                    at++;
                }

                @Override
                public void write(byte[] bytes, int from, int count) throws IOException {
                    out.write(bytes, from, count);
                    at += count;
                }

                @Override
                public void close() throws IOException {
                    out.close();
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSize) throws IOException {
            return create(blockSize);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
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
        Files.createDirectories(file.getParent());
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutput(file))
                .withType(COLUMNS)
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
