package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
        federation = TinyFederation.draw(fednano, folder, 120, 1);
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
        String[] command = {"prepare", "--set", "prepare.source=" + folder.resolve("raw"), "--set", "prepare.out=" + out
        };
        Kill kill = new Kill(home, name -> name.contains("part-00000.parquet"), command);
        kill.calm();
        Left expected = Left.in(home);
        for (int i = 0; i < KILLS; i++) {
            delete(out);
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
        Path made = federation.shards().resolve("features");
        String[] command = {"encode", "--set", "run.shards=" + federation.shards()};
        Kill kill = new Kill(federation.shards(), name -> name.contains("/features/"), command);
        kill.calm();
        Left expected = Left.in(federation.shards());
        for (int i = 0; i < KILLS; i++) {
            delete(made);
            kill.once(i);
            fednano.run(command).expect(0);
            assertEquals(expected, Left.in(federation.shards()), kill::toString);
        }
        kill.report("encode");
    }

    @Test
    void evaluate() throws IOException, InterruptedException {
        fednano.run(federation.train("run", "eval.every=0")).expect(0);
        Path run = folder.resolve("run");
        Map<String, byte[]> before = CommandLine.files(run, "");
        String[] command = {"evaluate", "--set", "run.dir=" + run.resolve("run")};
        Kill kill = new Kill(
                run, name -> name.contains("/evaluations/") || name.contains("/published/evaluations-"), command);
        kill.calm();
        Left metrics = Left.in(run.resolve("metrics"));
        String names = names(run);
        for (int i = 0; i < KILLS; i++) {
            delete(run);
            for (Map.Entry<String, byte[]> file : before.entrySet()) {
                Files.createDirectories(run.resolve(file.getKey()).getParent());
                Files.write(run.resolve(file.getKey()), file.getValue());
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

    /**
     * All that lies in a folder, to be compared: names of files, rows of Parquet, bytes of anything else. (Parquet's footer
     * names encodings in an order that differs between processes; seconds are each call's own.)
     */
    private record Left(Map<String, String> content) {

        static Left in(Path home) throws IOException {
            Map<String, String> content = new TreeMap<>();
            for (Map.Entry<String, byte[]> file : CommandLine.files(home, "").entrySet()) {
                String name = file.getKey();
                content.put(
                        name,
                        name.endsWith(".parquet")
                                ? rows(home.resolve(name))
                                : name.endsWith(".crc") ? "" : Sha256.of(file.getValue()));
            }
            return new Left(content);
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

    /** A call that is killed at some moment between its first output file and its end. */
    private static final class Kill {
        private final Path home;
        private final Predicate<String> output;
        private final String[] command;
        private long windowMillis;
        private long after;
        private int inTime;

        Kill(Path home, Predicate<String> output, String... command) {
            this.home = home;
            this.output = output;
            this.command = command;
        }

        /** A call that nobody disturbs: how long does it work after its first output file? */
        void calm() throws IOException, InterruptedException {
            Process process = start();
            long first = System.nanoTime();
            assertTrue(process.waitFor(5, TimeUnit.MINUTES));
            assertEquals(0, process.exitValue(), () -> Arrays.toString(command));
            windowMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - first);
        }

        void once(int i) throws IOException, InterruptedException {
            // Half of them right after the first file, when others are being written.
            after = MOMENTS.nextLong(1 + (i % 2 == 0 ? windowMillis : windowMillis / 10));
            Process process = start();
            process.waitFor(after, TimeUnit.MILLISECONDS);
            inTime += process.isAlive() ? 1 : 0;
            CommandLine.kill(process);
        }

        private Process start() throws IOException {
            Path log = folder.resolve(command[0] + ".log");
            Process process = fednano.start(log, command);
            while (process.isAlive() && !hasOutput()) {
                Thread.onSpinWait();
            }
            return process;
        }

        private boolean hasOutput() {
            try (Stream<Path> files = Files.walk(home)) {
                return files.anyMatch(f -> output.test(f.toString()) && Files.isRegularFile(f));
            } catch (IOException | UncheckedIOException e) {
                return false; // it went while we looked
            }
        }

        void report(String what) {
            System.out.println(
                    what + ": " + KILLS + " calls killed within " + windowMillis + " ms of their first output file, "
                            + inTime + " of them before their end; rows equal, nothing left");
            assertTrue(inTime > 0, "no kill came in time");
        }

        @Override
        public String toString() {
            return command[0] + " killed " + after + " ms after its first output file";
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }
}
