package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.fednano.digest.Sha256;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same data and seed make the same files, whatever the cores and however Spark cuts the work. */
class RepeatableTest {

    private static final int RECORDS = 90;

    /** Cores, and partitions where it is not left to them. */
    private static final int[][] MACHINES = {{1, 0}, {2, 7}, {4, 64}};

    private static final Map<String, List<String>> SPLITS = Map.of(
            "owner", List.of(),
            "iid", List.of(),
            "dirichlet", List.of("prepare.dirichlet_alpha=0.8"),
            "column", List.of("prepare.split_column=grade"),
            "categories", List.of("prepare.split_column=category", "prepare.categories_per_client=2"),
            "clusters", List.of("model.dir=../conf/models/nano-llava"));

    @TempDir
    private Path temp;

    private record Run(String format, String split) {}

    @Test
    void coresAndPartitionsChangeNothing() throws IOException {
        Map<String, List<String>> readers = new TreeMap<>();
        readers.put("iconqa", release("iconqa"));
        readers.put("scienceqa", release("scienceqa"));
        readers.put("llava", lines("llava"));
        readers.put("table", lines("table"));
        // Splits see what readers made, never the files: every split with one reader, every reader with one split.
        List<Run> runs = Stream.concat(
                        SPLITS.keySet().stream().map(split -> new Run("iconqa", split)),
                        readers.keySet().stream().skip(1).map(format -> new Run(format, "dirichlet")))
                .toList();
        assertEquals(9, runs.size());
        Map<Run, Map<String, String>> first = null;
        for (int[] machine : MACHINES) {
            Map<Run, Map<String, String>> made = prepareAll(machine, runs, readers);
            if (first == null) {
                first = made;
            }
            for (Run run : runs) {
                assertEquals(first.get(run), made.get(run), run + " with " + machine[0] + " cores");
            }
        }
    }

    private Map<Run, Map<String, String>> prepareAll(int[] machine, List<Run> runs, Map<String, List<String>> readers)
            throws IOException {
        SparkSession.Builder builder = SparkSession.builder()
                .master("local[" + machine[0] + "]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1");
        if (machine[1] > 0) {
            builder.config("spark.default.parallelism", machine[1]);
        }
        Map<Run, Map<String, String>> made = new HashMap<>();
        try (SparkSession spark = builder.getOrCreate()) {
            for (Run run : runs) {
                Path out = temp.resolve(machine[0] + "-" + run.format() + "-" + run.split());
                List<String> sets = new ArrayList<>(List.of(
                        "prepare.out=" + out,
                        "prepare.format=" + run.format(),
                        "prepare.split=" + run.split(),
                        "prepare.clients=3",
                        "prepare.max_reject_fraction=0.5"));
                sets.addAll(readers.get(run.format()));
                sets.addAll(SPLITS.get(run.split()));
                new Prepare(Settings.load(List.of(), sets), spark, line -> {}).run(false);
                made.put(run, files(out));
            }
        }
        return made;
    }

    /** SHA-256 of every file, and of the manifest what it says of the rows. */
    private static Map<String, String> files(Path out) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.getFileName().toString().endsWith(".crc")) {
                    files.put(out.relativize(file).toString(), sha256(file));
                }
            }
        }
        JsonNode manifest =
                new ObjectMapper().readTree(out.resolve(Manifest.NAME).toFile());
        long rows = 0;
        for (JsonNode client : manifest.path("clients")) {
            for (JsonNode split : client.path("rows")) {
                rows += split.asLong();
            }
            assertTrue(client.path("content_sha256").path("train").asText().length() == 64, client.toString());
        }
        long rejected = 0;
        for (JsonNode reason : manifest.path("rejected")) {
            rejected += reason.asLong();
        }
        assertTrue(rejected >= 3, manifest.path("rejected").toString());
        assertEquals(manifest.path("kept").asLong(), rows);
        assertEquals(manifest.path("read").asLong(), rows + rejected);
        assertTrue(files.keySet().stream().anyMatch(f -> f.startsWith("rejects/reason=")), files.toString());
        return files;
    }

    private static String sha256(Path file) throws IOException {
        return Sha256.of(Files.readAllBytes(file));
    }

    private static String split(int i) {
        return i % 9 == 7 ? "test" : i % 9 == 8 ? "val" : "train";
    }

    private static ObjectNode labels(ObjectNode record, int i) {
        return record.put("split", split(i))
                .put("owner", "o" + i % 3)
                .put("grade", "grade" + i * 7 % 3)
                .put("category", "c" + i % 5);
    }

    /** Sound problems with a picture each, and some of every tenth kind that is refused. */
    private List<String> release(String format) {
        RawFolder raw = new RawFolder(temp.resolve(format));
        for (int i = 0; i < RECORDS; i++) {
            String id = "p" + i * 31 % RECORDS;
            ObjectNode record = labels(RawFolder.fillRecord("", "", ""), i);
            record.put("label", "c" + i % 5)
                    .put("topic", "c" + i % 5)
                    .put("ques_type", "choose_txt")
                    .put("image", "image.png")
                    .put("answer", i % 30 == 29 ? 5 : i % 2);
            record.withArray("choices").add("yes").add("no");
            if (format.equals("iconqa")) {
                raw.record(id, record, RawFolder.png(4 + i % 11, 3 + i % 5));
            } else {
                raw.raw(id, record.toString());
                picture(temp.resolve(format).resolve(split(i)).resolve(id), "image.png", i);
            }
        }
        raw.raw("p1", RawFolder.fillRecord("o1", "train", "twice").toString()).write();
        return List.of("prepare.source=" + raw.folder());
    }

    /** Conversations and rows, in two files. */
    private List<String> lines(String format) throws IOException {
        Path folder = Files.createDirectories(temp.resolve(format));
        StringBuilder[] files = {new StringBuilder(), new StringBuilder()};
        for (int i = 0; i < RECORDS; i++) {
            picture(folder, "p" + i + ".png", i);
            ObjectNode record = labels(new ObjectMapper().createObjectNode(), i)
                    .put("id", "s" + i * 31 % RECORDS)
                    .put("image", i % 30 == 29 ? "none.png" : "p" + i + ".png")
                    .put("question", "what?")
                    .put("answer", "a" + i % 4);
            var turns = record.withArray("conversations");
            turns.addObject().put("from", "human").put("value", "<image> what?");
            turns.addObject().put("from", "gpt").put("value", "a" + i % 4);
            files[i % 2].append(record).append('\n');
        }
        for (int f = 0; f < 2; f++) {
            files[f].append("broken\n");
            Files.writeString(folder.resolve("rows" + f + ".jsonl"), files[f]);
        }
        return List.of("prepare.source=" + folder);
    }

    private static void picture(Path folder, String name, int i) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve(name), RawFolder.png(4 + i % 11, 3 + i % 5));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
