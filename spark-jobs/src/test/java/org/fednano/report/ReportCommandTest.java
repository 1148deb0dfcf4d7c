package org.fednano.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.fednano.metrics.EvaluationRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.report.data.MetricsReader;
import org.fednano.report.data.Report;
import org.fednano.report.data.RunMetrics;
import org.fednano.report.data.RunSummary;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import picocli.CommandLine;

class ReportCommandTest {

    @TempDir
    Path folder;

    private Exception thrown;

    @Test
    void aWholeRunGivesAWellFormedPageWithEveryPicture() throws Exception {
        new SyntheticRun(metrics(), "demo", "fednano", 5, 10, 1).write();
        run("--set", "run.dir=" + folder.resolve("demo"));
        String html = Files.readString(folder.resolve("demo/report/report.html"));
        Document page = parse(html);

        assertEquals(8, page.getElementsByTagName("svg").getLength());
        NodeList pictures = page.getElementsByTagName("svg");
        for (int i = 0; i < pictures.getLength(); i++) {
            Element picture = (Element) pictures.item(i);
            assertEquals("img", picture.getAttribute("role"));
            assertEquals(1, picture.getElementsByTagName("title").getLength());
            assertFalse(picture.getElementsByTagName("desc")
                    .item(0)
                    .getTextContent()
                    .isBlank());
        }
        assertEquals(Set.of(), doubleIds(page));
        assertFalse(
                html.contains("http://")
                        && html.replaceAll("http://www\\.w3\\.org/[^\"]*", "").contains("http"),
                "the page must not name anything on a network");
        assertFalse(html.contains("<script"));
        assertFalse(html.contains("NaN"));
        try (Stream<Path> left = Files.list(folder.resolve("demo/report"))) {
            assertEquals(
                    Set.of("report.html", "report.txt"),
                    Set.copyOf(left.map(p -> p.getFileName().toString()).toList()));
        }
    }

    @Test
    void numbersAreThoseOfTheTables() throws Exception {
        var run = new SyntheticRun(metrics(), "two", "fedavg", 2, 0, 1);
        run.write(
                0,
                RoundMetrics.evaluation(
                        List.of(
                                evaluation("c000", "model", 10, 2),
                                evaluation("c000", "majority", 10, 4),
                                evaluation("c001", "model", 1000, 400),
                                evaluation("c001", "majority", 1000, 500)),
                        List.of()));
        run.write(
                3,
                RoundMetrics.evaluation(
                        List.of(evaluation("c000", "model", 10, 9), evaluation("c001", "model", 1000, 600)),
                        List.of()));
        RunMetrics metrics =
                new MetricsReader(metrics().toString(), new org.apache.hadoop.conf.Configuration()).read("two");
        RunSummary summary = new RunSummary(metrics);
        assertEquals(0.30, summary.zeroShot("test").mean(), 1e-12);
        assertEquals(0.75, summary.last("test").mean(), 1e-12);
        assertEquals(0.45, summary.majority("test").mean(), 1e-12);
        assertEquals(3, summary.lastEvaluated("test"));

        String text = TextPage.of(RunReport.of(metrics));
        assertTrue(text.contains("Accuracy, own test set         75.0 %  after round 3, mean over 2 clients"), text);
        assertTrue(text.matches("(?s).*Gain, own test set +\\+45\\.0 +percentage points over zero-shot.*"), text);
        assertTrue(text.contains("No clients yet"), text);
        assertTrue(text.contains("No rounds yet"), text);
    }

    @Test
    void promptsThatWereCutAreSaid() throws Exception {
        new SyntheticRun(metrics(), "demo", "fednano", 3, 2, 1).write();
        RunMetrics metrics =
                new MetricsReader(metrics().toString(), new org.apache.hadoop.conf.Configuration()).read("demo");
        List<String> lines = new Caveats(new RunSummary(metrics)).lines();
        assertTrue(
                lines.stream().anyMatch(l -> l.startsWith("4 training prompts were cut to prompt.max_tokens, at c")),
                lines.toString());
    }

    @Test
    void whatComesFromDataIsEscaped() throws Exception {
        String nasty = "<script>alert('&\"')</script>\u0001";
        new SyntheticRun(metrics(), "demo", "fednano", 1, 1, 1)
                .write(
                        1,
                        RoundMetrics.evaluation(
                                List.of(new EvaluationRow(nasty, "test", EvaluationRow.ALL, "model", 4, 1, 0.0)),
                                List.of()));
        run("--runs", "demo", "--out", folder.resolve("out").toString());
        String html = Files.readString(folder.resolve("out/report.html"));
        assertFalse(html.contains("<script"));
        assertTrue(html.contains("&lt;script&gt;"));
        assertTrue(parse(html).getDocumentElement().getTextContent().contains("<script>alert('&\"')</script>?"));
        assertFalse(Files.readString(folder.resolve("out/report.txt")).contains("\u0001"));
    }

    @Test
    void anExistingReportIsReplacedAndTheSameMetricsGiveTheSameBytes() throws Exception {
        new SyntheticRun(metrics(), "demo", "fednano-norm", 3, 2, 1).write();
        Path out = folder.resolve("out");
        Files.createDirectories(out);
        Files.writeString(out.resolve("report.html"), "old");
        run("--runs", "demo", "--out", out.toString());
        byte[] once = Files.readAllBytes(out.resolve("report.html"));
        run("--runs", "demo", "--out", out.toString());
        assertEquals(-1, java.util.Arrays.mismatch(once, Files.readAllBytes(out.resolve("report.html"))));
    }

    @Test
    void oneClientAndTwoHundredClientsBothFit() throws Exception {
        new SyntheticRun(metrics(), "one", "fednano", 1, 1, 1).write();
        new SyntheticRun(metrics(), "many", "fednano", 200, 1, 1).write();
        for (String id : List.of("one", "many")) {
            run("--runs", id, "--out", folder.resolve(id).toString());
            parse(Files.readString(folder.resolve(id).resolve("report.html")));
        }
        String text = Files.readString(folder.resolve("many/report.txt"));
        assertTrue(text.contains("more, see report.html"), text);
        assertTrue(text.lines().count() < 400);
        assertTrue(Files.readString(folder.resolve("many/report.html"))
                .contains("the 10 lowest and the 10 highest of 200"));
    }

    @Test
    void severalRunsAreCompared() throws Exception {
        for (int seed = 1; seed <= 2; seed++) {
            new SyntheticRun(metrics(), "avg-" + seed, "fedavg", 3, 2, seed).write();
            new SyntheticRun(metrics(), "nano-" + seed, "fednano", 3, 2, seed).write();
        }
        run(
                "--runs",
                "avg-1,avg-2,nano-1,nano-2",
                "--out",
                folder.resolve("out").toString());
        String text = Files.readString(folder.resolve("out/report.txt"));
        parse(Files.readString(folder.resolve("out/report.html")));
        assertTrue(text.contains("FedNano: 4 runs compared"), text);
        assertTrue(text.matches("(?s).*fedavg +2 +\\d\\d\\.\\d % +± \\d+\\.\\d .*"), text);
        // The same seed draws the same evaluations here, so the paired difference is nothing.
        assertTrue(text.matches("(?s).*fednano +2 +\\d\\d\\.\\d % .* 0\\.0 +± 0\\.0\\s.*"), text);
    }

    @Test
    void aChartThatCannotBeDrawnLeavesItsWords() throws Exception {
        var picture = new Report.Picture("p", "Title", "What it would show.", 10, 10, (canvas, width, height) -> {
            throw new InternalError("Fontconfig head is null");
        });
        String html = HtmlPage.of(new Report("t", "s", List.of(new Report.Section("x", "X", List.of(picture)))));
        assertTrue(parse(html).getDocumentElement().getTextContent().contains("What it would show."));
    }

    @Test
    void anUnknownRunNamesThoseThatAreThere() throws Exception {
        new SyntheticRun(metrics(), "demo", "fednano", 1, 1, 1).write();
        JobException error = assertThrows(JobException.class, () -> run("--runs", "dmo"));
        assertEquals(ExitStatus.BAD_INPUT, error.status());
        assertTrue(error.getMessage().contains("Runs there: demo"), error.getMessage());
    }

    private Path metrics() {
        return folder.resolve("metrics");
    }

    private static EvaluationRow evaluation(String client, String predictor, int samples, int correct) {
        return new EvaluationRow(client, "test", EvaluationRow.ALL, predictor, samples, correct, 0.0);
    }

    private void run(String... args) {
        var all = Stream.concat(Stream.of("--set", "run.metrics_dir=" + metrics()), Stream.of(args));
        int status = new CommandLine(new ReportCommand())
                .setOut(new PrintWriter(new StringWriter()))
                .setExecutionExceptionHandler((e, command, result) -> {
                    thrown = e;
                    return 1;
                })
                .execute(all.toArray(String[]::new));
        if (thrown instanceof JobException e) {
            throw e;
        }
        assertEquals(0, status);
    }

    private static Document parse(String html) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        var builder = factory.newDocumentBuilder();
        return builder.parse(new InputSource(new StringReader(html)));
    }

    private static Set<String> doubleIds(Document page) {
        Set<String> seen = new HashSet<>();
        Set<String> twice = new HashSet<>();
        NodeList all = page.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            String id = ((Element) all.item(i)).getAttribute("id");
            if (!id.isEmpty() && !seen.add(id)) {
                twice.add(id);
            }
        }
        return twice;
    }
}
