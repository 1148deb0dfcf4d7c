package org.fednano.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import org.fednano.report.chart.BarCharts;
import org.fednano.report.chart.Charts;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report;
import org.fednano.report.data.Report.Block;
import org.fednano.report.data.Report.Fact;
import org.fednano.report.data.Report.Facts;
import org.fednano.report.data.Report.Few;
import org.fednano.report.data.Report.Notes;
import org.fednano.report.data.Report.Prose;
import org.fednano.report.data.Report.Section;
import org.fednano.report.data.Report.Table;
import org.fednano.report.data.Report.Terms;
import org.fednano.report.data.RunMetrics;
import org.fednano.report.data.RunMetrics.Client;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunMetrics.Traffic;
import org.fednano.report.data.RunSummary;
import org.fednano.report.data.RunSummary.ClientCourse;
import org.fednano.report.data.RunSummary.Line;
import org.fednano.report.data.RunSummary.Spread;

/** The report of one run. */
final class RunReport {

    private final RunSummary summary;

    private RunReport(RunSummary summary) {
        this.summary = summary;
    }

    /** What there is to say about a run; a table without rows gives a sentence that says so. */
    static Report of(RunMetrics metrics) {
        return new RunReport(new RunSummary(metrics)).report();
    }

    private Report report() {
        return new Report(
                "FedNano run " + summary.run().runId(),
                sentence(),
                List.of(
                        new Section("headline", "Headline", List.of(headline())),
                        new Section("accuracy-section", "Accuracy", accuracy()),
                        new Section("training", "Training", training()),
                        new Section("merge", "Who shaped the merge", merge()),
                        new Section("traffic-section", "Traffic and time", trafficAndTime()),
                        new Section("rounds", "Round by round", rounds()),
                        new Section("outcomes", "Outcomes", outcomes()),
                        new Section("notes", "How to read this, with care", List.of(new Notes(notes()))),
                        new Section("glossary", "Glossary", List.of(new Terms(Glossary.TERMS)))));
    }

    private String sentence() {
        List<Round> rounds = summary.trained();
        String training = rounds.isEmpty()
                ? "No round has been committed"
                : "Strategy " + summary.strategy() + ", "
                        + Numbers.of(rounds.size(), "committed round", "committed rounds")
                        + ", seed " + rounds.get(0).seed();
        return training + "; " + Numbers.of(summary.clientIds().size(), "client", "clients") + rowsPhrase() + ".";
    }

    private String rowsPhrase() {
        long rows =
                summary.courses().stream().mapToLong(ClientCourse::trainingRows).sum();
        return rows == 0 ? "" : " with " + Numbers.of(rows, "training row", "training rows") + " in all";
    }

    private Facts headline() {
        List<Fact> facts = new ArrayList<>();
        for (String split : summary.splits()) {
            Spread zero = summary.zeroShot(split);
            Spread last = summary.last(split);
            String name = Charts.splitName(split);
            if (last.clients() > 0) {
                facts.add(new Fact(
                        "Accuracy, " + name,
                        Numbers.percent(last.mean()),
                        "after round " + summary.lastEvaluated(split) + ", mean over "
                                + Numbers.of(last.clients(), "client", "clients") + range(last)));
            }
            if (zero.clients() > 0) {
                facts.add(new Fact(
                        "Zero-shot, " + name, Numbers.percent(zero.mean()), "before any training" + range(zero)));
            }
            if (last.clients() > 0 && zero.clients() > 0) {
                facts.add(new Fact(
                        "Gain, " + name,
                        Numbers.points(last.mean() - zero.mean()),
                        "percentage points over zero-shot"));
            }
            Spread majority = summary.majority(split);
            if (majority.clients() > 0) {
                facts.add(new Fact(
                        "Majority answer, " + name,
                        Numbers.percent(majority.mean()),
                        last.clients() > 0
                                ? "baseline without the picture; the model minus it: "
                                        + Numbers.points(last.mean() - majority.mean()) + " points"
                                : "baseline without the picture"));
            }
        }
        if (!summary.trained().isEmpty()) {
            facts.add(new Fact(
                    "Time",
                    Numbers.seconds(summary.wallSeconds()),
                    "wall time of "
                            + Numbers.of(summary.trained().size(), "round", "rounds")
                            + ", evaluation not counted"));
            facts.add(new Fact(
                    "Traffic",
                    Numbers.bytes(summary.traffic().total()),
                    "both directions, all rounds; of it adapters up "
                            + Numbers.bytes(summary.traffic().uplinkAdapter())));
        }
        return new Facts(facts);
    }

    private static String range(Spread spread) {
        return spread.clients() < 2
                ? ""
                : ", from " + Numbers.percent(spread.min()) + " to " + Numbers.percent(spread.max());
    }

    private List<Block> accuracy() {
        if (summary.splits().isEmpty()) {
            return List.of(new Prose("No evaluations yet: the evaluations table holds no rows of this run. "
                    + "`fednano evaluate` writes them, and so does `fednano train` with eval.every above 0."));
        }
        List<Block> blocks = new ArrayList<>();
        String first = summary.splits().get(0);
        add(blocks, Charts.accuracy(summary));
        add(blocks, BarCharts.clientBars(summary, first));
        for (String split : summary.splits()) {
            List<Line> lines = summary.clientLines(split);
            if (lines.size() > Table.MANY) {
                lines = lines.stream()
                        .sorted(Comparator.comparingDouble(Line::last).reversed())
                        .toList();
            }
            blocks.add(lineTable("Accuracy per client, " + Charts.splitName(split), "client", lines, true));
        }
        boolean skills = !summary.categoryLines(first).isEmpty();
        if (skills) {
            add(blocks, BarCharts.categoryBars(summary, first));
            for (String split : summary.splits()) {
                List<Line> lines = summary.categoryLines(split);
                if (!lines.isEmpty()) {
                    blocks.add(lineTable(
                            "Accuracy per skill, " + Charts.splitName(split) + ", all clients' questions together",
                            "skill",
                            lines,
                            false));
                }
            }
        }
        return blocks;
    }

    private static Table lineTable(String caption, String what, List<Line> lines, boolean mean) {
        List<List<String>> rows = new ArrayList<>();
        for (Line l : lines) {
            rows.add(List.of(
                    l.name(),
                    Numbers.count(l.samples()),
                    Numbers.percent(l.majority()),
                    Numbers.percent(l.zeroShot()),
                    Numbers.percent(l.last()),
                    Numbers.points(l.gain())));
        }
        if (mean && lines.size() > 1) {
            double majority =
                    Spread.of(lines.stream().map(Line::majority).toList()).mean();
            double zero = Spread.of(lines.stream().map(Line::zeroShot).toList()).mean();
            double last = Spread.of(lines.stream().map(Line::last).toList()).mean();
            rows.add(List.of(
                    "mean over clients",
                    Numbers.count(lines.stream().mapToLong(Line::samples).sum()),
                    Numbers.percent(majority),
                    Numbers.percent(zero),
                    Numbers.percent(last),
                    Numbers.points(last - zero)));
        }
        return new Table(
                caption,
                List.of(what, "questions", "majority", "zero-shot", "last round", "gain, points"),
                rows,
                1,
                Few.ENDS,
                mean && lines.size() > 1);
    }

    private List<Block> training() {
        List<Block> blocks = new ArrayList<>();
        add(blocks, Charts.loss(summary));
        if (blocks.isEmpty()) {
            blocks.add(new Prose("No losses yet: the rounds table holds no rows of this run."));
        }
        return blocks;
    }

    private List<Block> merge() {
        List<Block> blocks = new ArrayList<>();
        add(blocks, BarCharts.shares(summary));
        add(blocks, Charts.shareCourse(summary));
        List<ClientCourse> courses = summary.courses();
        if (courses.isEmpty()) {
            return List.of(new Prose("No clients yet: the clients table holds no rows of this run."));
        }
        if (courses.size() > Table.MANY) {
            courses = courses.stream()
                    .sorted(Comparator.comparingDouble(ClientCourse::mergeShare).reversed())
                    .toList();
        }
        blocks.add(new Table(
                "Clients over the whole run: shares and seconds are means over merged rounds, bytes are sums",
                List.of(
                        "client",
                        "training rows",
                        "merged",
                        "not merged",
                        "row share",
                        "merge share",
                        "seconds per round",
                        "adapter up",
                        "activations up"),
                courses.stream()
                        .map(c -> List.of(
                                c.clientId(),
                                Numbers.count(c.trainingRows()),
                                Numbers.count(c.merged()),
                                Numbers.count(c.lost()),
                                Numbers.percent(c.rowShare()),
                                Numbers.percent(c.mergeShare()),
                                Numbers.seconds(c.meanSeconds()),
                                Numbers.bytes(c.traffic().uplinkAdapter()),
                                Numbers.bytes(c.traffic().uplinkActivation())))
                        .toList(),
                1,
                Few.ENDS,
                false));
        return blocks;
    }

    private List<Block> trafficAndTime() {
        List<Block> blocks = new ArrayList<>();
        add(blocks, Charts.traffic(summary));
        add(blocks, Charts.seconds(summary));
        int n = summary.trained().size();
        if (n == 0) {
            return List.of(new Prose("No rounds yet: the rounds table holds no rows of this run."));
        }
        Traffic all = summary.traffic();
        blocks.add(new Table(
                "Bytes by kind, all clients",
                List.of("what", "direction", "in all", "per round"),
                trafficRows(all, n),
                2,
                Few.EVENLY,
                true));
        return blocks;
    }

    private static List<List<String>> trafficRows(Traffic all, int n) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(trafficRow("adapters", "client to server", all.uplinkAdapter(), n));
        rows.add(trafficRow("Fisher", "client to server", all.uplinkFisher(), n));
        if (all.uplinkFeature() > 0) { // with llm.wire 2: then the next are codes and W_up
            rows.add(trafficRow("features", "to the endpoint, once", all.uplinkFeature(), n));
        }
        rows.add(trafficRow("activations", "client to server", all.uplinkActivation(), n));
        rows.add(trafficRow("adapters", "server to client", all.downlinkAdapter(), n));
        rows.add(trafficRow("gradients", "server to client", all.downlinkGradient(), n));
        rows.add(trafficRow("all", "both", all.total(), n));
        return rows;
    }

    private static List<String> trafficRow(String what, String direction, long bytes, int rounds) {
        return List.of(what, direction, Numbers.bytes(bytes), Numbers.bytes((double) bytes / rounds));
    }

    private List<Block> rounds() {
        List<String> splits = summary.splits();
        List<String> columns = new ArrayList<>(List.of("round"));
        splits.forEach(s -> columns.add("accuracy, " + s));
        columns.addAll(
                List.of("merged", "loss", "update norm", "adapters up", "Fisher up", "activations up", "seconds"));
        Set<Integer> numbers = new LinkedHashSet<>();
        splits.forEach(s -> numbers.addAll(summary.accuracy(s).keySet()));
        summary.trained().forEach(r -> numbers.add(r.round()));
        List<List<String>> rows = new ArrayList<>();
        numbers.stream().sorted().forEach(number -> {
            List<String> cells = new ArrayList<>(List.of(String.valueOf(number)));
            for (String split : splits) {
                NavigableMap<Integer, Spread> course = summary.accuracy(split);
                cells.add(
                        course.containsKey(number)
                                ? Numbers.percent(course.get(number).mean())
                                : Numbers.NONE);
            }
            cells.addAll(summary.trained().stream()
                    .filter(r -> r.round() == number)
                    .findFirst()
                    .map(RunReport::roundCells)
                    .orElseGet(() -> java.util.Collections.nCopies(7, Numbers.NONE)));
            rows.add(cells);
        });
        if (rows.isEmpty()) {
            return List.of(new Prose("Neither rounds nor evaluations yet."));
        }
        return List.of(new Table(
                "Accuracy is the mean over clients; loss is that of the last local epoch, nats per answer token;"
                        + " merged is clients merged of clients drawn",
                columns,
                rows,
                0,
                Few.EVENLY,
                false));
    }

    private static List<String> roundCells(Round r) {
        return List.of(
                r.mergedClients() + " of " + r.cohortClients(),
                Numbers.decimal(r.lastEpochLoss(), 3),
                Numbers.small(r.updateNorm()),
                Numbers.bytes(r.traffic().uplinkAdapter()),
                Numbers.bytes(r.traffic().uplinkFisher()),
                Numbers.bytes(r.traffic().uplinkActivation()),
                Numbers.decimal(r.wallSeconds(), 1));
    }

    private List<Block> outcomes() {
        var outcomes = summary.outcomes();
        if (outcomes.isEmpty()) {
            return List.of(new Prose("No clients yet: the clients table holds no rows of this run."));
        }
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Table(
                "What came of each client's part, counted over all rounds",
                List.of("outcome", "times"),
                outcomes.entrySet().stream()
                        .map(o -> List.of(o.getKey(), Numbers.count(o.getValue())))
                        .toList(),
                1,
                Few.ENDS,
                false));
        List<Client> lost =
                summary.run().clients().stream().filter(c -> !c.merged()).toList();
        if (lost.isEmpty()) {
            blocks.add(new Prose("Every update of every round was merged."));
        } else {
            blocks.add(new Table(
                    "Updates that were not merged",
                    List.of("round", "client", "outcome", "detail"),
                    lost.stream()
                            .map(c -> List.of(String.valueOf(c.round()), c.clientId(), c.outcome(), c.detail()))
                            .toList(),
                    4,
                    Few.ENDS,
                    false));
        }
        return blocks;
    }

    private List<String> notes() {
        return new Caveats(summary).lines();
    }

    private static void add(List<Block> blocks, Optional<? extends Block> block) {
        block.ifPresent(blocks::add);
    }
}
