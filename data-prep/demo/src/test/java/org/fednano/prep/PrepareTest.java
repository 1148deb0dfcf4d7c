package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.fednano.demo.DemoMain;
import org.fednano.iconworld.Generate;
import org.fednano.settings.Commands;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareTest {

    private static SparkSession spark;

    @TempDir
    private Path temp;

    private final List<String> said = new ArrayList<>();

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private void prepare(Path source, Path out, String... sets) {
        List<String> all = new ArrayList<>(List.of("prepare.source=" + source, "prepare.out=" + out));
        all.addAll(List.of(sets));
        new Prepare(Settings.load(List.of(), all), spark, said::add).run(false);
    }

    private Path iconWorld(String name) {
        Path raw = temp.resolve(name);
        List<String> sets = List.of(
                "generate.out=" + raw,
                "generate.clients=3",
                "generate.train=60",
                "generate.val=6",
                "generate.test=10",
                "generate.balanced=9");
        new Generate(Settings.load(List.of(), sets), said::add).run();
        return raw;
    }

    @Test
    void iconWorldMakesTheRoundTrip() throws IOException {
        Path raw = iconWorld("raw");
        Path out = temp.resolve("shards");
        prepare(raw, out);
        JsonNode problems =
                new ObjectMapper().readTree(raw.resolve("problems.json").toFile());
        List<Row> rows = spark.read().parquet(out.resolve("clients").toString()).collectAsList();
        assertEquals(60 + 3 * (6 + 10 + 9), rows.size());
        for (Row row : rows) {
            String id = row.getAs("sample_id");
            JsonNode p = problems.get(id);
            assertEquals(p.get("owner").asText(), row.getAs("client_id"));
            assertEquals(p.get("split").asText(), row.getAs("split"));
            assertEquals(p.get("question").asText(), row.getAs("question"));
            assertEquals(p.get("skill").asText(), row.getAs("category"));
            List<String> choices = row.getList(row.fieldIndex("choices"));
            int index = row.getAs("answer_index");
            if (p.has("choices")) {
                assertEquals(p.get("answer").asInt(), index);
                assertEquals(choices.get(index), row.getAs("answer"));
            } else {
                assertEquals(-1, index);
                assertEquals(p.get("answer").asText(), row.getAs("answer"));
                assertEquals(List.of(), choices);
            }
            byte[] image = row.getAs("image");
            assertArrayEquals(
                    Files.readAllBytes(raw.resolve(row.<String>getAs("source")).resolve("image.png")), image);
        }
    }

    @Test
    void noRowLiesInAnothersFolderAndEachFileIsSorted() {
        Path out = temp.resolve("shards");
        prepare(iconWorld("raw"), out);
        // Without the path's own columns: what the files themselves say.
        List<Row> rows = spark.read()
                .option("recursiveFileLookup", "true")
                .parquet(out.resolve("clients").toString())
                .select(
                        functions.input_file_name(),
                        functions.col("client_id"),
                        functions.col("split"),
                        functions.col("sample_id"))
                .collectAsList();
        Map<String, List<String>> ids = new TreeMap<>();
        for (Row row : rows) {
            String expected = "client_id=" + row.getString(1) + "/split=" + row.getString(2) + "/part-00000.parquet";
            assertTrue(row.getString(0).endsWith(expected), row.toString());
            ids.computeIfAbsent(row.getString(0), f -> new ArrayList<>()).add(row.getString(3));
        }
        assertEquals(12, ids.size());
        ids.forEach((file, list) -> assertEquals(list.stream().sorted().toList(), list, file));
    }

    @Test
    void theSameDataMakeTheSameBytesInAnyOrder() throws IOException {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            ids.add("p" + i);
        }
        Path first = temp.resolve("first/shards");
        Path second = temp.resolve("second/shards");
        write(ids);
        prepare(temp.resolve("raw"), first, "prepare.split=dirichlet", "prepare.clients=3");
        java.util.Collections.reverse(ids);
        write(ids);
        prepare(temp.resolve("raw"), second, "prepare.split=dirichlet", "prepare.clients=3");
        Map<String, String> one = contents(first);
        Map<String, String> other = contents(second);
        one.remove("manifest.json"); // the index files' own fingerprint differs
        other.remove("manifest.json");
        assertEquals(one, other);

        prepare(temp.resolve("raw"), temp.resolve("third"), "prepare.split=dirichlet", "prepare.clients=3");
        assertEquals(contents(second), contents(temp.resolve("third")));
    }

    private void write(List<String> ids) {
        RawFolder raw = new RawFolder(temp.resolve("raw"));
        ids.forEach(id -> raw.fill(id, "x", "train", "a" + id.length()));
        raw.write();
    }

    @Test
    void everythingThatCameInIsInAShardOrInRejects() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .fill("2", "c002", "train", "8")
                .fill("2", "c002", "train", "9")
                .choose("3", "c002", "test", List.of("a", "b"), 5)
                .record("4", RawFolder.fillRecord("c001", "train", "1").put("ques_type", "essay"), null)
                .record("5", RawFolder.fillRecord("c001", "train", "1"), null)
                .raw("6", "[]")
                .write();
        Path out = temp.resolve("shards");
        prepare(raw.folder(), out, "prepare.max_reject_fraction=0.8");
        JsonNode manifest =
                new ObjectMapper().readTree(out.resolve("manifest.json").toFile());
        assertEquals(7, manifest.get("read").asInt());
        assertEquals(2, manifest.get("kept").asInt());
        assertEquals(
                "{\"answer_outside_choices\":1,\"broken_record\":1,\"duplicate_id\":1,\"missing_image\":1,"
                        + "\"unknown_type\":1}",
                manifest.get("rejected").toString());
        assertEquals(1, manifest.get("format").asInt());
        assertEquals("c001", manifest.get("clients").get(0).get("client_id").asText());
        assertEquals(1, manifest.get("clients").get(0).get("rows").get("train").asInt());
        assertEquals(1, manifest.get("clients").get(0).get("answers").get("7").asInt());

        Dataset<Row> rejects = spark.read().parquet(out.resolve("rejects").toString());
        assertEquals(5, rejects.count());
        Row duplicate = rejects.where("reason = 'duplicate_id'").head();
        assertEquals("2", duplicate.getAs("sample_id"));
        assertEquals("iconqa/train/fill_in_blank/2", duplicate.getAs("source"));
        assertTrue(duplicate.<String>getAs("record").contains("answer: 9"));
        assertTrue(said.stream().anyMatch(line -> line.contains("missing_image: 1")), said.toString());
    }

    @Test
    void whatASampleHasBesidesOnePictureIsInColumnMedia() throws IOException {
        Path raw = Files.createDirectories(temp.resolve("raw"));
        byte[] png = RawFolder.png(3, 3);
        Files.write(raw.resolve("a.png"), png);
        Files.write(raw.resolve("a.wav"), new byte[] {5, 6});
        String bytes = Base64.getEncoder().encodeToString(RawFolder.png(4, 4));
        Files.writeString(
                raw.resolve("rows.jsonl"),
                "{\"id\": 1, \"question\": \"q\", \"answer\": \"a\", \"context\": \"c\", \"audio\": \"a.wav\", \"image\":"
                        + " [\"a.png\", {\"bytes\": \"" + bytes + "\"}]}\n"
                        + "{\"id\": 2, \"question\": \"q\", \"answer\": \"a\", \"audio\": \"a.wav\"}\n"
                        + "{\"id\": 3, \"question\": \"q\", \"answer\": \"a\"}\n");
        Path out = temp.resolve("shards");
        String[] sets = {"prepare.format=table", "prepare.split=iid", "prepare.clients=1", "prepare.columns.audio=audio"
        };
        prepare(raw, out, sets);
        List<Row> rows = spark.read()
                .parquet(out.resolve("clients").toString())
                .orderBy("sample_id")
                .collectAsList();
        assertArrayEquals(png, rows.get(0).<byte[]>getAs("image"));
        assertEquals("c", rows.get(0).getAs("context"));
        List<Row> media = rows.get(0).getList(rows.get(0).fieldIndex("media"));
        assertEquals("image", media.get(0).getAs("modality"));
        assertArrayEquals(RawFolder.png(4, 4), media.get(0).<byte[]>getAs("bytes"));
        assertEquals("audio", media.get(1).getAs("modality"));
        assertArrayEquals(new byte[] {5, 6}, media.get(1).<byte[]>getAs("bytes"));
        assertTrue(rows.get(1).isNullAt(rows.get(1).fieldIndex("image")));
        assertEquals(1, rows.get(1).getList(rows.get(1).fieldIndex("media")).size());
        assertEquals(0, rows.get(2).getList(rows.get(2).fieldIndex("media")).size());
        assertFalse(Files.exists(out.resolve("_spool")));
        assertEquals(List.of("raw", "shards"), names());

        prepare(raw, temp.resolve("again"), sets);
        assertEquals(contents(out), contents(temp.resolve("again")));
    }

    /**
     * Fingerprints of shards that were made before there were contexts and further media hold for ever:
     * {@code sha256(b"".join(struct.pack(">I", len(f)) + f for f in [id, client, split, question, answer, task,
     * category, "\0".join(choices), str(answer_index), image]))} in Python.
     */
    @Test
    void samplesOfOnePictureAreWrittenAsEver() throws IOException {
        byte[] picture = HexFormat.of()
                .parseHex("89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
                        + "0000000a49444154789c63600700000900082023c38c0000000049454e44ae426082");
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .record("1", RawFolder.fillRecord("c001", "train", "7"), picture)
                .write();
        prepare(raw.folder(), temp.resolve("shards"));
        JsonNode manifest =
                new ObjectMapper().readTree(temp.resolve("shards/manifest.json").toFile());
        assertEquals(
                "sha256:d210ffe6081cdae81ee52b990ad78648f195aaf544ff710663074f6e146eff39",
                manifest.get("source_fingerprint").asText());
        assertEquals(
                "1b94ebc34e39b5ac8262ac7bec10b40caec66ecee618154305b16512ce6162ed",
                manifest.at("/clients/0/content_sha256/train").asText());
        assertFalse(List.of(spark.read()
                        .parquet(temp.resolve("shards/clients").toString())
                        .columns())
                .contains("media"));
    }

    @Test
    void conversationsAreCountedByTheirAnswers() throws IOException {
        Path chats = Files.createDirectories(temp.resolve("chats"));
        Files.writeString(
                chats.resolve("c.jsonl"),
                "{\"id\": \"x\\n'..\\\"é\", \"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\": \"gpt\","
                        + " \"value\": \"a\"}, {\"from\": \"human\", \"value\": \"r\"}, {\"from\": \"gpt\", \"value\": \"\"}]}\n"
                        + "no json\n");
        Path out = temp.resolve("shards");
        prepare(
                chats,
                out,
                "prepare.format=llava",
                "prepare.split=iid",
                "prepare.clients=1",
                "prepare.max_reject_fraction=0.7");
        JsonNode manifest =
                new ObjectMapper().readTree(out.resolve("manifest.json").toFile());
        assertEquals(3, manifest.get("read").asInt());
        assertEquals(1, manifest.get("kept").asInt());
        assertEquals(
                "{\"broken_record\":1,\"empty_answer\":1}",
                manifest.get("rejected").toString());
        Row row = spark.read().parquet(out.resolve("clients").toString()).head();
        assertEquals("x\n'..\"é#1", row.getAs("sample_id"));
        assertTrue(said.stream().noneMatch(line -> line.contains("\n")), said.toString());
        assertEquals(List.of("chats", "shards"), names());
    }

    /** Also where the first one is a reject, or stands in another file. */
    @Test
    void theFirstOfTwoRecordsWithOneIdCounts() throws IOException {
        Path rows = Files.createDirectories(temp.resolve("rows"));
        String row = "{\"id\": \"%s\", \"question\": \"q\", \"answer\": \"%s\"}\n";
        Files.writeString(rows.resolve("a.jsonl"), row.formatted("1", "first") + row.formatted("2", ""));
        Files.writeString(
                rows.resolve("b.jsonl"),
                "\n" + row.formatted("2", "b") + row.formatted("1", "second") + row.formatted("3", "c"));
        Path out = temp.resolve("shards");
        prepare(
                rows,
                out,
                "prepare.format=table",
                "prepare.split=iid",
                "prepare.clients=1",
                "prepare.max_reject_fraction=1");
        assertEquals(
                List.of("1 first", "3 c"),
                spark.read().parquet(out.resolve("clients").toString()).collectAsList().stream()
                        .map(r -> r.getAs("sample_id") + " " + r.getAs("answer"))
                        .toList());
        assertEquals(
                List.of("1 duplicate_id b.jsonl#3", "2 duplicate_id b.jsonl#2", "2 empty_answer a.jsonl#2"),
                spark.read().parquet(out.resolve("rejects").toString()).collectAsList().stream()
                        .map(r -> r.getAs("sample_id") + " " + r.getAs("reason") + " " + r.getAs("source"))
                        .sorted()
                        .toList());
    }

    @Test
    void aMissingMediaFolderIsBadInput() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .write();
        JobException e = assertThrows(
                JobException.class,
                () -> prepare(raw.folder(), temp.resolve("shards"), "prepare.media_root=" + temp.resolve("none")));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("prepare.media_root"), e.getMessage());
        assertEquals(List.of("raw"), names());
    }

    @Test
    void rejectsOfDataWithoutOwnersSayWhatToDo() {
        ObjectNode record = RawFolder.fillRecord("", "train", "7");
        record.remove("owner");
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .record("1", record, RawFolder.png(2, 2))
                .write();
        JobException e = assertThrows(JobException.class, () -> prepare(raw.folder(), temp.resolve("shards")));
        assertTrue(e.getMessage().contains("prepare.split = iid"), e.getMessage());
    }

    @Test
    void tooManyRejectsAreBadInputAndLeaveNothing() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .record("4", RawFolder.fillRecord("c001", "train", "1").put("ques_type", "essay"), null)
                .write();
        JobException e = assertThrows(JobException.class, () -> prepare(raw.folder(), temp.resolve("shards")));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        for (String text : List.of("prepare.max_reject_fraction = 0.05", "1 of 2", "unknown_type 1", "0.50")) {
            assertTrue(e.getMessage().contains(text), e.getMessage());
        }
        assertEquals(List.of("raw"), names());
    }

    @Test
    void nothingUsableIsBadInputWhateverTheLimit() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw")).raw("1", "3").write();
        JobException e = assertThrows(
                JobException.class,
                () -> prepare(raw.folder(), temp.resolve("shards"), "prepare.max_reject_fraction=1"));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertEquals(List.of("raw"), names());
    }

    @Test
    void anExistingOutputIsRefusedAndLeftAlone() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .write();
        Path out = Files.createDirectory(temp.resolve("shards"));
        JobException e = assertThrows(JobException.class, () -> prepare(raw.folder(), out));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("prepare.out"), e.getMessage());
        assertEquals(Map.of(), contents(out));
        assertEquals(List.of("raw", "shards"), names());
    }

    @Test
    void anOutputThatCannotBeMadeIsWrongUsage() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .write();
        Path blocked = Files.writeString(temp.resolve("file"), "");
        JobException e = assertThrows(JobException.class, () -> prepare(raw.folder(), blocked.resolve("shards")));
        assertEquals(ExitStatus.USAGE, e.status());
        assertEquals(List.of("file", "raw"), names());
    }

    @Test
    void aFailureWhileWritingLeavesNothing() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .write();
        Settings settings = Settings.load(
                List.of(), List.of("prepare.source=" + raw.folder(), "prepare.out=" + temp.resolve("shards")));
        // The picture goes between its check and its shard, on the first line that is said.
        Path picture = raw.folder().resolve("iconqa/train/fill_in_blank/1/image.png");
        Prepare prepare = new Prepare(settings, spark, line -> picture.toFile().delete());
        JobException e = assertThrows(JobException.class, () -> prepare.run(false));
        assertEquals(ExitStatus.FAILED, e.status());
        assertTrue(e.getMessage().contains("image.png"), e.getMessage());
        assertEquals(List.of("raw"), names());
    }

    @Test
    void aDryRunWritesNothing() throws IOException {
        RawFolder raw = new RawFolder(temp.resolve("raw"))
                .fill("1", "c001", "train", "7")
                .write();
        Settings settings = Settings.load(
                List.of(), List.of("prepare.source=" + raw.folder(), "prepare.out=" + temp.resolve("shards")));
        new Prepare(settings, spark, said::add).run(true);
        assertEquals(List.of("raw"), names());
        assertTrue(said.stream().anyMatch(line -> line.contains("c001: train 1")), said.toString());
    }

    @Test
    void commandsAnswerWithTheirStatus() {
        RawFolder raw = new RawFolder(temp.resolve("raw")).raw("1", "3").write();
        assertEquals(2, run("generate", "--set", "generate.wold=base"));
        assertEquals(2, run("generate", "--nonsense"));
        assertEquals(2, run("generate", "--set", "generate.out=" + raw.folder()));
        assertEquals(0, run("generate", "--dry-run", "--set", "generate.out=" + temp.resolve("none")));
        assertEquals(0, run("prepare", "--help"));
        assertFalse(Files.exists(temp.resolve("none")));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> list = Files.list(temp)) {
            return list.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.toString().endsWith(".crc")) {
                    contents.put(
                            folder.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        }
        return contents;
    }

    private static int run(String... args) {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        Object main = args[0].equals("prepare") ? new DataPrepMain() : new DemoMain();
        return Commands.run(main, nowhere, nowhere, args);
    }
}
