package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver killed with SIGKILL at any moment continues to the same bytes, with every metric row exactly once. */
@Tag("slow")
class KillAndContinueTest {

    private static final int ROUNDS = 4;
    private static final int KILLS = 10;

    @TempDir
    static Path folder;

    @Test
    void tenKillsChangeNothing() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        fednano.run(
                        "generate",
                        "--set",
                        "generate.out=" + folder.resolve("raw"),
                        "--set",
                        "generate.clients=3",
                        "--set",
                        "generate.train=120",
                        "--set",
                        "generate.test=10",
                        "--set",
                        "generate.balanced=10")
                .expect(0);
        fednano.run("prepare", "--set", "prepare.source=" + folder.resolve("raw"), "--set", "prepare.out=" + shards())
                .expect(0);

        fednano.run(train("calm")).expect(0);
        Map<String, byte[]> expected = CommandLine.files(folder.resolve("calm/run"), "adapter.safetensors");
        assertEquals(ROUNDS + 1, expected.size(), "the initial adapter and one of each round");

        // Timed again, now that features are cached as they are for the runs to be killed.
        long begin = System.nanoTime();
        fednano.run(train("again")).expect(0);
        long calmMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        assertSame(expected, "again", "a second run");

        SplittableRandom moments = new SplittableRandom(7);
        for (int i = 0; i < KILLS; i++) {
            String name = "kill" + i;
            // Spread over the whole run, start-up and the last commit included.
            long wait = calmMillis * (i + 1) / (KILLS + 1) + moments.nextLong(300);
            Process process = fednano.start(folder.resolve(name + ".log"), train(name));
            process.waitFor(wait, TimeUnit.MILLISECONDS);
            CommandLine.kill(process);
            CommandLine.Ended ended = fednano.run(train(name)).expect(0);
            assertSame(expected, name, "a kill at " + wait + " ms\n" + ended.output());
        }
        metricRowsAreThereOnce();
    }

    private static void assertSame(Map<String, byte[]> expected, String run, String after) throws IOException {
        Map<String, byte[]> actual = CommandLine.files(folder.resolve(run + "/run"), "adapter.safetensors");
        assertEquals(expected.keySet(), actual.keySet(), after);
        expected.forEach((path, bytes) -> assertArrayEquals(bytes, actual.get(path), path + " after " + after));
    }

    private static void metricRowsAreThereOnce() {
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
            for (int i = -1; i < KILLS; i++) {
                String name = i < 0 ? "calm" : "kill" + i;
                String metrics = folder.resolve(name + "/metrics").toString();
                var rounds = spark.read().parquet(metrics + "/rounds");
                assertEquals(ROUNDS + 1, rounds.count(), name);
                assertEquals(ROUNDS + 1, rounds.select("round").distinct().count(), name);
                var clients = spark.read().parquet(metrics + "/clients");
                assertEquals(3L * ROUNDS, clients.count(), name);
                assertEquals(
                        clients.count(),
                        clients.select("round", "client_id").distinct().count(),
                        name);
                var evaluations = spark.read().parquet(metrics + "/evaluations");
                assertEquals(
                        evaluations.count(),
                        evaluations
                                .select("round", "client_id", "split", "category", "predictor")
                                .distinct()
                                .count(),
                        name);
                assertEquals(ROUNDS + 1, evaluations.select("round").distinct().count(), name);
            }
        }
    }

    private static String shards() {
        return folder.resolve("shards").toString();
    }

    private static String[] train(String name) {
        return new String[] {
            "train",
            "--set",
            "run.shards=" + shards(),
            "--set",
            "run.dir=" + folder.resolve(name + "/run"),
            "--set",
            "run.metrics_dir=" + folder.resolve(name + "/metrics"),
            "--set",
            "run.rounds=" + ROUNDS,
            "--set",
            "run.id=" + name
        };
    }
}
