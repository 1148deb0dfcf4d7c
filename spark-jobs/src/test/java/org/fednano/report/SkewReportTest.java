package org.fednano.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.fednano.report.data.LabelSkew;
import org.fednano.report.data.ShardSummary;
import org.fednano.report.data.ShardSummary.Client;
import org.fednano.settings.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkewReportTest {

    @TempDir
    private Path folder;

    private static Client client(String id, Map<String, Long> answers) {
        long rows = answers.values().stream().mapToLong(Long::longValue).sum();
        return new Client(id, Map.of("train", rows), answers, Map.of());
    }

    @Test
    void distanceIsTotalVariation() {
        LabelSkew same = LabelSkew.of(
                "answer",
                "answers",
                List.of(client("a", Map.of("x", 10L, "y", 30L)), client("b", Map.of("x", 1L, "y", 3L))),
                Client::answers);
        assertEquals(0, same.clients().get("a").distance(), 1e-12);
        assertEquals("y", same.clients().get("a").top());
        assertEquals(0.75, same.clients().get("a").topShare(), 1e-12);
        LabelSkew apart = LabelSkew.of(
                "answer",
                "answers",
                List.of(client("a", Map.of("x", 10L)), client("b", Map.of("y", 30L))),
                Client::answers);
        assertEquals(0.75, apart.clients().get("a").distance(), 1e-12);
        assertEquals(0.25, apart.clients().get("b").distance(), 1e-12);
    }

    /** Rows dealt at random have the distance that the page expects of them. */
    @Test
    void chanceIsWhatChanceGives() {
        SplittableRandom random = new SplittableRandom(1);
        double found = 0;
        double expected = 0;
        for (int trial = 0; trial < 50; trial++) {
            List<Map<String, Long>> counts = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());
            for (int row = 0; row < 600; row++) {
                String label = "l" + Math.min(random.nextInt(9), random.nextInt(9));
                counts.get(random.nextInt(3)).merge(label, 1L, Long::sum);
            }
            LabelSkew skew = LabelSkew.of(
                    "answer",
                    "answers",
                    List.of(client("a", counts.get(0)), client("b", counts.get(1)), client("c", counts.get(2))),
                    Client::answers);
            found += skew.meanDistance();
            expected += skew.meanByChance();
        }
        assertEquals(1, found / expected, 0.05);
    }

    @Test
    void equalClientsAreAsManyAsTheyAre() throws Exception {
        assertEquals(2, summary(manifest(10, 10)).effectiveClients(), 1e-12);
        assertEquals(1.22, summary(manifest(90, 10)).effectiveClients(), 0.01);
    }

    private ShardSummary summary(String manifest) throws Exception {
        Files.writeString(folder.resolve("manifest.json"), manifest);
        return ShardSummary.read(folder.toString(), new Configuration());
    }

    private static String manifest(int first, int second) {
        return """
               {"format": 1, "split": {"by": "owner", "seed": 1}, "read": %d, "kept": %d,
                "rejected": {"missing_image": 3},
                "clients": [
                 {"client_id": "c<1>", "rows": {"train": %d, "test": 2}, "answers": {"red": %d}, "categories": {"color": %d}},
                 {"client_id": "c2", "rows": {"train": %d}, "answers": {"blue & green": %d}, "categories": {"shape": %d}}]}
               """
                .formatted(first + second + 5, first + second + 2, first, first, first, second, second, second);
    }

    @Test
    void pageAndTextAreWrittenBesideTheShards() throws Exception {
        Files.writeString(folder.resolve("manifest.json"), manifest(90, 10));
        StringWriter out = new StringWriter();
        assertEquals(
                0,
                Commands.run(
                        new ReportCommand(), new PrintWriter(out), new PrintWriter(out), "--shards", folder.toString()),
                out::toString);
        String text = Files.readString(folder.resolve("report/report.txt"));
        assertTrue(text.contains("rejected: missing_image"), text);
        assertTrue(text.contains("0.100") && text.contains("0.900"), text);
        String page = Files.readString(folder.resolve("report/report.html"));
        assertTrue(page.contains("c&lt;1&gt;") && page.contains("<svg"), page);
    }

    @Test
    void noShardsNoReport() {
        StringWriter err = new StringWriter();
        assertEquals(
                3,
                Commands.run(
                        new ReportCommand(),
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(err),
                        "--shards",
                        folder.resolve("none").toString()));
        assertTrue(err.toString().contains("fednano prepare"), err::toString);
    }
}
