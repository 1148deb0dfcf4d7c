package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver killed with SIGKILL at any moment continues to the same bytes, with every metric row exactly once. */
@Tag("slow")
class KillAndContinueTest {

    private static final int ROUNDS = TinyFederation.CALM_ROUNDS;
    private static final int KILLS = 10;

    @TempDir
    Path folder;

    /** Two runs, five kills each: spread over all that a run writes, from before its first file to its last. */
    @Test
    void tenKillsChangeNothing() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, ROUNDS);
        int files = CommandLine.count(federation.calm(), name -> true);
        SplittableRandom moments = new SplittableRandom(7);
        int inTime = 0;
        for (int i = 0; i < KILLS; i++) {
            String name = "run" + i % 2;
            Process process = fednano.start(folder.resolve("kill" + i + ".log"), federation.train(name));
            int wanted = files * i / KILLS;
            while (process.isAlive() && CommandLine.count(folder.resolve(name), file -> true) < wanted) {
                TimeUnit.MILLISECONDS.sleep(2);
            }
            // Before the first file there is nothing to wait for; later it is the next file, or what comes between two.
            boolean alive = !process.waitFor(moments.nextLong(i == 0 ? 5000 : 100), TimeUnit.MILLISECONDS);
            inTime += alive ? 1 : 0;
            CommandLine.kill(process);
        }
        assertTrue(inTime >= KILLS - 1, "kills that came before the end: " + inTime);
        for (String name : List.of("run0", "run1")) {
            String output = fednano.run(federation.train(name)).expect(0).output();
            federation.assertCalm(name, "five kills\n" + output);
        }
        metricRowsAreThereOnce();
    }

    private void metricRowsAreThereOnce() {
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
            for (String name : List.of("run0", "run1")) {
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
}
