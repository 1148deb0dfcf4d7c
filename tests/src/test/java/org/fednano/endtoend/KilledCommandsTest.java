package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.fednano.check.RunCheck;
import org.fednano.digest.Sha256;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code prepare}, {@code encode} and {@code evaluate} killed with SIGKILL after their first output file: the next call ends
 * with the same rows, and nothing is left of the killed one. {@code -Dfednano.kills=25} says how many kills of each.
 */
@Tag("slow")
class KilledCommandsTest {

    private static final int KILLS = Integer.getInteger("fednano.kills", 1);
    private static final SplittableRandom MOMENTS = new SplittableRandom(11);

    /** What {@code prepare} wrote of shards that a run has been trained on. */
    private static final Predicate<String> PREPARED =
            name -> !name.startsWith("features/") && !name.startsWith("embeddings/");

    @TempDir
    static Path folder;

    private static CommandLine fednano;
    private static TinyFederation federation;
    private static SparkSession spark;

    @BeforeAll
    static void data() throws IOException {
        fednano = new CommandLine()
                .with(
                        "SPARK_LOCAL_DIRS",
                        Files.createDirectory(folder.resolve("spark")).toString());
        federation = TinyFederation.in(folder, 1);
        spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void prepare() throws IOException, InterruptedException {
        Path home = Files.createDirectory(folder.resolve("prepared"));
        Path out = home.resolve("shards");
        String[] command = {"prepare", "--set", "prepare.source=" + federation.raw(), "--set", "prepare.out=" + out};
        Left expected = Left.in(federation.shards(), PREPARED).under("shards/");
        Kill kill = new Kill(home, name -> name.contains("part-00000.parquet"), expected, command);
        for (int i = 0; i < KILLS; i++) {
            CommandLine.delete(out);
            kill.once(i);
            if (!Files.exists(out)) { // killed after the last step it is there, and a second call would be refused
                fednano.run(command).expect(0);
            }
            assertEquals(expected, Left.in(home), kill::toString);
        }
        kill.report("prepare");
    }

    @Test
    void encode() throws IOException, InterruptedException {
        Path shards = folder.resolve("encoded");
        for (Map.Entry<String, byte[]> file :
                CommandLine.files(federation.shards(), "").entrySet()) {
            if (PREPARED.test(file.getKey())) {
                write(shards.resolve(file.getKey()), file.getValue());
            }
        }
        String[] command = {"encode", "--set", "run.shards=" + shards};
        fednano.run(command).expect(0);
        Left expected = Left.in(shards);
        Kill kill = new Kill(shards, name -> name.contains("/features/"), expected, command);
        for (int i = 0; i < KILLS; i++) {
            CommandLine.delete(shards.resolve("features"));
            kill.once(i);
            fednano.run(command).expect(0);
            assertEquals(expected, Left.in(shards), kill::toString);
        }
        kill.report("encode");
    }

    @Test
    void evaluate() throws IOException, InterruptedException {
        fednano.run(federation.train("run", "eval.every=0")).expect(0);
        Path run = folder.resolve("run");
        Map<String, byte[]> before = CommandLine.files(run, "");
        String[] command = {"evaluate", "--set", "run.dir=" + run.resolve("run")};
        fednano.run(command).expect(0);
        Left metrics = Left.in(run.resolve("metrics"));
        Kill kill = new Kill(
                run,
                name -> name.contains("/evaluations/") || name.contains("/published/evaluations-"),
                Left.in(run),
                command);
        String names = names(run);
        for (int i = 0; i < KILLS; i++) {
            CommandLine.delete(run);
            for (Map.Entry<String, byte[]> file : before.entrySet()) {
                write(run.resolve(file.getKey()), file.getValue());
            }
            kill.once(i);
            fednano.run(command).expect(0);
            assertEquals(metrics, Left.in(run.resolve("metrics")), kill::toString);
            assertEquals(names, names(run), kill::toString);
            var checkup = new RunCheck(
                            run.resolve("run").toString(),
                            info -> run.resolve("metrics").toString(),
                            new Configuration())
                    .look();
            assertTrue(checkup.isSound(), () -> kill + ": " + checkup.findings());
        }
        kill.report("evaluate");
    }

    private static void write(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    /**
     * All that lies in a folder, to be compared: names of files, rows of Parquet, bytes of anything else. (Parquet's footer
     * names encodings in an order that differs between processes; seconds are each call's own.)
     */
    private record Left(Map<String, String> content) {

        static Left in(Path home) throws IOException {
            return in(home, name -> true);
        }

        static Left in(Path home, Predicate<String> which) throws IOException {
            Map<String, String> content = new TreeMap<>();
            for (Map.Entry<String, byte[]> file : CommandLine.files(home, "").entrySet()) {
                String name = file.getKey();
                if (which.test(name)) {
                    content.put(
                            name,
                            name.endsWith(".parquet")
                                    ? rows(home.resolve(name))
                                    : name.endsWith(".crc") ? "" : Sha256.of(file.getValue()));
                }
            }
            return new Left(content);
        }

        /** The same in a folder of a folder. */
        Left under(String folder) {
            Map<String, String> deeper = new TreeMap<>();
            content.forEach((name, value) -> deeper.put(folder + name, value));
            return new Left(deeper);
        }

        private static String rows(Path file) {
            return spark
                    .read()
                    .parquet(file.toString())
                    .drop("wall_seconds")
                    .selectExpr("xxhash64(*)")
                    .collectAsList()
                    .stream()
                    .map(Row::toString)
                    .sorted()
                    .toList()
                    .toString();
        }
    }

    /** Names of all files; of copies without their checksum, which depends on seconds. */
    private static String names(Path run) throws IOException {
        return CommandLine.files(run, "").keySet().stream()
                .map(name -> name.replaceFirst("-[0-9a-f]{64}", ""))
                .sorted()
                .toList()
                .toString();
    }

    /** A call that is killed between its first output file and its last. */
    private static final class Kill {
        private final Path home;
        private final Predicate<String> output;
        private final String[] command;
        private final int files;
        private int after;
        private int inTime;

        /** @param undisturbed what it leaves when nobody disturbs it: so many output files may be waited for */
        Kill(Path home, Predicate<String> output, Left undisturbed, String... command) {
            this.home = home;
            this.output = output;
            this.command = command;
            files = (int) undisturbed.content.keySet().stream()
                    .filter(name -> output.test("/" + name))
                    .count();
        }

        void once(int i) throws IOException, InterruptedException {
            // Half of them at the first file, when others are being written.
            after = i % 2 == 0 ? 1 + MOMENTS.nextInt(files) : 1;
            Process process = fednano.start(folder.resolve(command[0] + ".log"), command);
            while (process.isAlive() && CommandLine.count(home, output) < after) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            process.waitFor(MOMENTS.nextLong(50), TimeUnit.MILLISECONDS);
            inTime += process.isAlive() ? 1 : 0;
            CommandLine.kill(process);
        }

        void report(String what) {
            System.out.println(what + ": " + KILLS + " calls killed while they wrote their " + files + " output files, "
                    + inTime + " of them before their end; rows equal, nothing left");
            assertTrue(inTime > 0, "no kill came in time");
        }

        @Override
        public String toString() {
            return command[0] + " killed at output file " + after + " of " + files;
        }
    }
}
