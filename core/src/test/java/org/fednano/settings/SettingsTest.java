package org.fednano.settings;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

    @TempDir
    Path folder;

    @Test
    void laterSourcesWin() throws IOException {
        Path first = write("a.conf", "run.rounds = 3\nrun.seed = 5\nadapter { rank = 4 }");
        Path second = write("b.conf", "run.rounds = 4");
        Settings s = Settings.load(List.of(first, second), List.of("run.seed=9", "gateway.grace=90s"));
        assertAll(
                () -> assertEquals(4, s.get(RunKeys.ROUNDS)),
                () -> assertEquals(9, s.get(RunKeys.SEED)),
                () -> assertEquals(4, s.get(MethodKeys.RANK)),
                () -> assertEquals(Duration.ofSeconds(90), s.get(GatewayKeys.GRACE)),
                () -> assertEquals(8, s.get(MethodKeys.BATCH)),
                () -> assertTrue(s.isGiven(RunKeys.SEED)),
                () -> assertFalse(s.isGiven(MethodKeys.BATCH)),
                () -> assertTrue(s.resolved().get("run.rounds").origin().contains("b.conf")),
                () -> assertEquals(
                        "defaults", s.resolved().get("local.batch_size").origin()));
    }

    @Test
    void setTakesUrisAndListsAsTheyAreTyped() {
        Settings s = Settings.load(
                List.of(), List.of("run.dir=hdfs://name:8020/a/b", "eval.splits=test", "prompt.template=a: {image} b"));
        assertEquals("hdfs://name:8020/a/b", s.get(RunKeys.DIR));
        assertEquals(List.of("test"), s.get(RunKeys.EVAL_SPLITS));
        assertEquals("a: {image} b", s.get(ModelKeys.PROMPT));
    }

    @Test
    void aMapIsGivenWholeOrEntryByEntry() throws IOException {
        Path file = write("columns.conf", "prepare.columns = { question = q, \"a.b\" = c }");
        Settings s =
                Settings.load(List.of(file), List.of("prepare.columns.question=frage", "prepare.columns.audio=wav"));
        assertEquals(Map.of("question", "frage", "a.b", "c", "audio", "wav"), s.get(DataKeys.COLUMNS));
        assertTrue(s.isGiven(DataKeys.COLUMNS));
        Settings braces = Settings.load(List.of(), List.of("prepare.columns={question = q, image = img.bytes}"));
        assertEquals(Map.of("question", "q", "image", "img.bytes"), braces.get(DataKeys.COLUMNS));
        assertEquals(
                "{\"image\" = \"img.bytes\", \"question\" = \"q\"}",
                braces.resolved().get("prepare.columns").value());
        assertEquals(Map.of(), Settings.defaults().get(DataKeys.COLUMNS));
        assertFalse(Settings.defaults().isGiven(DataKeys.COLUMNS));
        for (String set : List.of("prepare.columns=q", "prepare.columns={question = [a]}", "prepare.columns=[q]")) {
            JobException e = assertThrows(JobException.class, () -> Settings.load(List.of(), List.of(set)), set);
            assertTrue(e.getMessage().contains("texts by name"), e.getMessage());
        }
    }

    @Test
    void unknownKeyNamesTheNearest() {
        JobException e =
                assertThrows(JobException.class, () -> Settings.load(List.of(), List.of("optimizer.learning_rat=0.1")));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("optimizer.learning_rate"), e.getMessage());
    }

    @Test
    void wrongTypeAndRangeSayWhatWasExpectedFoundAndWhere() {
        for (String set : List.of("run.rounds=many", "adapter.rank=0", "run.strategy=magic", "gateway.grace=-3s")) {
            JobException e = assertThrows(JobException.class, () -> Settings.load(List.of(), List.of(set)), set);
            String key = set.substring(0, set.indexOf('='));
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains("'" + key + "'"), e.getMessage());
            assertTrue(e.getMessage().contains("--set " + key), e.getMessage());
        }
    }

    @Test
    void brokenAndMissingFilesAreUsageErrors() throws IOException {
        Path broken = write("broken.conf", "run { rounds = ");
        for (Path file : List.of(broken, folder.resolve("none.conf"))) {
            JobException e =
                    assertThrows(JobException.class, () -> Settings.load(List.of(file), List.of()), file.toString());
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains(file.getFileName().toString()), e.getMessage());
        }
        assertThrows(JobException.class, () -> Settings.load(List.of(), List.of("no-equals-sign")));
    }

    @Test
    void wholeNumbersAreNeverCutOrRounded() throws IOException {
        for (String value :
                List.of("2.7", "1e-1", "9223372036854775808", "NaN", "0x10", "3 # three", "\"3\"", "", "null")) {
            refused("run.rounds", "--set", List.of(), List.of("run.rounds=" + value));
            refused("run.seed", "--set", List.of(), List.of("run.seed=" + value));
        }
        for (String value : List.of("2.7", "9223372036854775808", "null", "[1]", "yes")) {
            Path file = write("number.conf", "run.seed = " + value);
            refused("run.seed", "number.conf", List.of(file), List.of());
        }
        Settings s = Settings.load(
                List.of(), List.of("run.seed=-9223372036854775808", "run.rounds=1e2", "run.quorum= 5e-1 "));
        assertEquals(Long.MIN_VALUE, s.get(RunKeys.SEED));
        assertEquals(100, s.get(RunKeys.ROUNDS));
        assertEquals(0.5, s.get(RunKeys.QUORUM));
    }

    @Test
    void timesAndSizesAreToldAsTheyWereGiven() {
        Settings s = Settings.load(
                List.of(), List.of("gateway.max_wait=500us", "gateway.grace=1.5s", "llm.max_message=256 MiB"));
        assertEquals(Duration.ofNanos(500_000), s.get(GatewayKeys.MAX_WAIT));
        assertEquals(256L << 20, s.get(EndpointKeys.MAX_MESSAGE));
        assertEquals("500000ns", s.resolved().get("gateway.max_wait").value());
        assertEquals("1500ms", s.resolved().get("gateway.grace").value());
        for (String set : List.of(
                "gateway.grace=5m // five", "gateway.grace=soon", "llm.max_message=1e40", "encoder.cache=maybe")) {
            refused(set.substring(0, set.indexOf('=')), "--set", List.of(), List.of(set));
        }
    }

    @Test
    void whatAFileRefersToMustBeThere() throws IOException {
        Path file = write(
                "refers.conf", "run.dir = /data\nrun.metrics_dir = ${run.dir}/metrics\nrun.id = ${?NO_SUCH_NAME}");
        assertEquals("/data/metrics", Settings.load(List.of(file), List.of()).get(RunKeys.METRICS_DIR));
        Path nowhere = write("nowhere.conf", "run.dir = ${NO_SUCH_NAME}/run");
        refused("NO_SUCH_NAME", "nowhere.conf", List.of(nowhere), List.of());
        for (String none : List.of(
                "run.dir = null", "run = null", "prepare.columns = null", "prepare.columns { question = null }")) {
            refused("null", "none.conf", List.of(write("none.conf", none)), List.of());
        }
    }

    @Test
    void oneSettingIsKnownThoughOthersAreWrong() throws IOException {
        Path wrong = write("wrong.conf", "run.dir = /data/run\nrun.rouns = 3");
        Path broken = write("broken.conf", "run {");
        assertEquals(
                "/data/run",
                Settings.glimpse(List.of(wrong), List.of("run.rounds=x"), RunKeys.DIR)
                        .orElseThrow());
        assertEquals(
                "/b#c",
                Settings.glimpse(List.of(broken), List.of("no", "run.dir=/b#c"), RunKeys.DIR)
                        .orElseThrow());
        assertTrue(Settings.glimpse(List.of(broken), List.of(), RunKeys.DIR).isEmpty());
        assertTrue(Settings.glimpse(List.of(), List.of("run.dir="), RunKeys.DIR).isEmpty());
    }

    @Test
    void theShippedModelIsFoundFromAnyFolder() {
        System.setProperty("fednano.home", "/opt/fednano");
        try {
            Path shipped = Path.of("/opt/fednano/conf/models/nano-llava");
            assertEquals(shipped, ModelKeys.folder(Settings.defaults()));
            assertEquals(
                    shipped, ModelKeys.folder(Settings.load(List.of(), List.of("model.dir=conf/models/nano-llava/"))));
            assertEquals(Path.of("m"), ModelKeys.folder(Settings.load(List.of(), List.of("model.dir=m"))));
        } finally {
            System.clearProperty("fednano.home");
        }
        assertEquals(Path.of("conf/models/nano-llava"), ModelKeys.folder(Settings.defaults()));
    }

    private static void refused(String named, String where, List<Path> files, List<String> sets) {
        JobException e = assertThrows(JobException.class, () -> Settings.load(files, sets), files + " " + sets);
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(named) && e.getMessage().contains(where), e.getMessage());
    }

    @Test
    void filesIncludeFilesAndNothingElse() throws IOException {
        write("part.conf", "run.rounds = 7");
        Path file = write("whole.conf", "include \"part\"\ninclude file(\"" + folder.resolve("part.conf") + "\")");
        assertEquals(7, Settings.load(List.of(file), List.of()).get(RunKeys.ROUNDS));
        String there = folder.resolve("part.conf").toUri().toString();
        for (String what : List.of(
                "url(\"" + there + "\")",
                "\"" + there + "\"",
                "\"http://127.0.0.1:1/x.conf\"",
                "url(\"http://127.0.0.1:1/x.conf\")",
                "classpath(\"reference.conf\")",
                "required(url(\"http://127.0.0.1:1/x.conf\"))")) {
            Path other = write("other.conf", "run { include " + what + " }");
            JobException e = assertThrows(JobException.class, () -> Settings.load(List.of(other), List.of()), what);
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains("include take files"), e.getMessage());
        }
        assertThrows(
                JobException.class,
                () -> Settings.load(List.of(), List.of("prepare.columns={include url(\"" + there + "\")}")));
    }

    /** A scheduler that calls with a wrong path must hear so, not wait for ever. */
    @Test
    @Timeout(30)
    void whatMightNeverEndIsNotRead() throws Exception {
        Path pipe = folder.resolve("pipe.conf");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Path zero = Files.createSymbolicLink(folder.resolve("zero.conf"), Path.of("/dev/zero"));
        Path large = folder.resolve("large.conf");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(3L << 30);
        }
        for (Path wrong : List.of(pipe, zero, large, folder)) {
            refused("found", wrong.toString(), List.of(wrong), List.of());
            if (!wrong.equals(folder)) {
                refused(
                        "found",
                        wrong.toString(),
                        List.of(write("a.conf", "include file(\"" + wrong + "\")")),
                        List.of());
                String name = wrong.getFileName().toString();
                refused("found", name, List.of(write("a.conf", "run { include \"" + name + "\" }")), List.of());
                refused(
                        "found",
                        name,
                        List.of(write("a.conf", "include required(\"" + name.replace(".conf", "") + "\")")),
                        List.of());
            }
        }
        refused("too deep", "deep.conf", List.of(write("deep.conf", "a=" + "[".repeat(200_000))), List.of());
    }

    /** conf/defaults.conf is what users read: it must be what the code does. */
    @Test
    void defaultsFileIsTheCatalogue() throws IOException {
        Path file = Path.of("../conf/defaults.conf");
        assertEquals(
                SettingsRegistry.defaultsText(),
                Files.readString(file),
                "conf/defaults.conf is out of date: submit-scripts/fednano settings > conf/defaults.conf");
        assertEquals(
                Settings.defaults().resolved().keySet(),
                Settings.load(List.of(file), List.of()).resolved().keySet());
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
