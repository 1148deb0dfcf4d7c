package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.fednano.report.data.MetricsReader;
import org.fednano.report.data.RunMetrics;
import org.fednano.report.data.RunMetrics.Client;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A round that misses its quorum leaves its clients' rows and reasons, and the round itself as it was. */
class MissedQuorumTest {

    @TempDir
    Path folder;

    private CommandResult ended;

    @BeforeEach
    void owners() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 9, 5, 12);
        StringBuilder catalogue = new StringBuilder();
        for (String client : List.of("c001", "c002", "c003")) {
            Path owner = TinyShards.moveOut(folder.resolve("shards"), client, folder.resolve("owners/" + client));
            catalogue.append("clients.%s { uri = \"%s\" }%n".formatted(client, owner));
        }
        Files.writeString(folder.resolve("clients.conf"), catalogue);
    }

    @AfterEach
    void clear() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    private void run(int status, String command, String... more) {
        List<String> sets = List.of(
                "model.dir=" + folder.resolve("model"),
                "run.clients=" + folder.resolve("clients.conf"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "run.quorum=1.0",
                "eval.every=0",
                "adapter.rank=2");
        ended = CommandResult.command(command, sets, more);
        assertEquals(status, ended.status(), ended::toString);
    }

    private RunMetrics metrics() {
        return new MetricsReader(folder.resolve("metrics").toString(), new Configuration()).read("run");
    }

    private static List<String> outcomes(List<Client> clients) {
        return clients.stream()
                .map(c -> c.round() + "/" + c.attempt() + " " + c.clientId() + " " + c.outcome())
                .toList();
    }

    @Test
    void attemptsAreInTheTablesAndNotInTheRound() throws IOException {
        run(0, "train", "--rounds", "1");
        Path owner = folder.resolve("owners/c003");
        Files.move(owner, folder.resolve("away"));
        run(4, "train", "--rounds", "2");
        run(4, "round", "--set", "run.rounds=2");
        assertEquals(
                ExitStatus.QUORUM,
                RunReader.open(folder.resolve("run").toString(), new Configuration())
                        .lastCall()
                        .orElseThrow()
                        .status());
        List<String> missed = List.of(
                "2/1 c001 unused",
                "2/1 c002 unused",
                "2/1 c003 failed",
                "2/2 c001 unused",
                "2/2 c002 unused",
                "2/2 c003 failed");
        assertEquals(missed, outcomes(metrics().missed()));
        assertEquals(3, metrics().clients().size(), "round 1's");
        Client lost = metrics().missed().get(2);
        assertTrue(lost.detail().contains("c003"), lost.detail());
        run(0, "check", folder.resolve("run").toString());

        // The rows are looked after like any others.
        Path file = folder.resolve("metrics/clients/run_id=run/round=2/part-attempt-00002.parquet");
        byte[] whole = Files.readAllBytes(file);
        Files.delete(file);
        run(3, "check", folder.resolve("run").toString());
        assertTrue(ended.output().contains("part-attempt-00002.parquet"), ended.output());
        run(0, "check", folder.resolve("run").toString(), "--repair");
        assertArrayEquals(whole, Files.readAllBytes(file));

        Files.move(folder.resolve("away"), owner);
        run(0, "train", "--rounds", "2");
        assertEquals(missed, outcomes(metrics().missed()));
        assertEquals(
                List.of("2/0 c001 merged", "2/0 c002 merged", "2/0 c003 merged"),
                outcomes(metrics().clients()).subList(3, 6));
        run(0, "report", "--out", folder.resolve("report").toString());
        String page = Files.readString(folder.resolve("report/report.txt"));
        assertTrue(page.replaceAll("\\s+", " ").contains("2 attempts at rounds missed the quorum"), page);
        run(0, "check", folder.resolve("run").toString());
    }
}
