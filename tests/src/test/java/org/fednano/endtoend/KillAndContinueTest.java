package org.fednano.endtoend;

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

    private static TinyFederation federation;

    @Test
    void tenKillsChangeNothing() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        federation = TinyFederation.draw(fednano, folder, 120, ROUNDS);

        fednano.run(federation.train("calm")).expect(0);
        Map<String, byte[]> expected = federation.adapters("calm");

        // Timed again, now that features are cached as they are for the runs to be killed.
        long begin = System.nanoTime();
        fednano.run(federation.train("again")).expect(0);
        long calmMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        federation.assertSame(expected, "again", "a second run");

        SplittableRandom moments = new SplittableRandom(7);
        for (int i = 0; i < KILLS; i++) {
            String name = "kill" + i;
            // Spread over the whole run, start-up and the last commit included.
            long wait = calmMillis * (i + 1) / (KILLS + 1) + moments.nextLong(300);
            Process process = fednano.start(folder.resolve(name + ".log"), federation.train(name));
            process.waitFor(wait, TimeUnit.MILLISECONDS);
            CommandLine.kill(process);
            CommandLine.Ended ended = fednano.run(federation.train(name)).expect(0);
            federation.assertSame(expected, name, "a kill at " + wait + " ms\n" + ended.output());
        }
        metricRowsAreThereOnce();
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
}
