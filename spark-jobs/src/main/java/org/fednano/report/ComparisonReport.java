package org.fednano.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.fednano.report.chart.Charts;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report;
import org.fednano.report.data.Report.Block;
import org.fednano.report.data.Report.Few;
import org.fednano.report.data.Report.Notes;
import org.fednano.report.data.Report.Prose;
import org.fednano.report.data.Report.Section;
import org.fednano.report.data.Report.Table;
import org.fednano.report.data.Report.Terms;
import org.fednano.report.data.RunMetrics;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunSummary;
import org.fednano.report.data.RunSummary.Spread;
import org.fednano.report.data.Texts;

/** Several runs side by side: each run's figures, then mean and spread per strategy over seeds. */
final class ComparisonReport {

    private final List<RunSummary> runs;

    private ComparisonReport(List<RunSummary> runs) {
        this.runs = runs;
    }

    /** The comparison of two runs or more, in the order given. */
    static Report of(List<RunMetrics> runs) {
        return new ComparisonReport(runs.stream().map(RunSummary::new).toList()).report();
    }

    private Report report() {
        List<Block> accuracy = new ArrayList<>();
        Set<String> splits = splits();
        for (String split : splits) {
            if (accuracy.isEmpty()) {
                Charts.comparison(runs, split).ifPresent(accuracy::add);
            }
            accuracy.add(runTable(split));
        }
        List<Block> strategies = new ArrayList<>();
        splits.forEach(split -> strategies.addAll(strategyTables(split)));
        if (splits.isEmpty()) {
            accuracy.add(new Prose("No evaluations yet: the evaluations table holds no rows of these runs."));
            strategies.add(new Prose("No evaluations yet."));
        }
        String names = Texts.few(runs.stream().map(r -> r.run().runId()).toList());
        return new Report(
                "FedNano: " + runs.size() + " runs compared",
                "Runs " + names + ".",
                List.of(
                        new Section("runs", "Run by run", accuracy),
                        new Section("strategies", "Strategies over seeds", strategies),
                        new Section("cost", "What it cost", List.of(costTable())),
                        new Section("notes", "How to read this, with care", List.of(new Notes(notes()))),
                        new Section("glossary", "Glossary", List.of(new Terms(Glossary.TERMS)))));
    }

    private Set<String> splits() {
        return runs.stream()
                .flatMap(r -> r.splits().stream())
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }

    private Table runTable(String split) {
        List<List<String>> rows = new ArrayList<>();
        for (RunSummary run : runs) {
            double zero = run.zeroShot(split).mean();
            double last = run.last(split).mean();
            rows.add(List.of(
                    run.run().runId(),
                    run.strategy(),
                    seed(run),
                    Numbers.percent(run.majority(split).mean()),
                    Numbers.percent(zero),
                    Numbers.percent(last),
                    Numbers.points(last - zero),
                    run.lastEvaluated(split) > 0 ? String.valueOf(run.lastEvaluated(split)) : Numbers.NONE));
        }
        return new Table(
                "Accuracy per run, " + Charts.splitName(split) + ", mean over clients",
                List.of("run", "strategy", "seed", "majority", "zero-shot", "last", "gain, points", "at round"),
                rows,
                2,
                Few.ENDS,
                false);
    }

    private List<Block> strategyTables(String split) {
        Map<String, Map<String, Double>> bySeed = new LinkedHashMap<>();
        Map<String, List<Double>> gains = new LinkedHashMap<>();
        for (RunSummary run : runs) {
            Spread last = run.last(split);
            if (last.clients() > 0) {
                bySeed.computeIfAbsent(run.strategy(), s -> new TreeMap<>()).put(seed(run), last.mean());
                gains.computeIfAbsent(run.strategy(), s -> new ArrayList<>())
                        .add(last.mean() - run.zeroShot(split).mean());
            }
        }
        if (bySeed.isEmpty()) {
            return List.of(new Prose("No run was evaluated after training on the " + Charts.splitName(split) + "."));
        }
        String reference = bySeed.containsKey("fedavg")
                ? "fedavg"
                : bySeed.keySet().iterator().next();
        List<List<String>> rows = new ArrayList<>();
        bySeed.forEach((strategy, accuracies) -> {
            List<Double> differences = new ArrayList<>();
            accuracies.forEach((seed, accuracy) -> {
                Double other = bySeed.get(reference).get(seed);
                if (other != null) {
                    differences.add(accuracy - other);
                }
            });
            boolean self = strategy.equals(reference);
            rows.add(List.of(
                    strategy,
                    Numbers.count(accuracies.size()),
                    Numbers.percent(mean(accuracies.values())),
                    deviation(accuracies.values()),
                    Numbers.points(mean(gains.get(strategy))),
                    self ? Numbers.NONE : Numbers.points(mean(differences)),
                    self ? Numbers.NONE : deviation(differences)));
        });
        return List.of(new Table(
                "Accuracy per strategy, " + Charts.splitName(split) + ": mean over seeds with standard deviation in"
                        + " points; differences are paired, seed by seed, with " + reference,
                List.of("strategy", "seeds", "mean", "deviation", "gain, points", "to " + reference, "deviation"),
                rows,
                1,
                Few.ENDS,
                false));
    }

    private Table costTable() {
        return new Table(
                "Sums over all rounds of each run; endpoint samples are what the frozen model worked on",
                List.of(
                        "run",
                        "rounds",
                        "endpoint samples",
                        "adapters up",
                        "Fisher up",
                        "activations up",
                        "gradients down",
                        "time"),
                runs.stream()
                        .map(r -> List.of(
                                r.run().runId(),
                                Numbers.count(r.trained().size()),
                                Numbers.count(r.trained().stream()
                                        .mapToLong(Round::endpointSamples)
                                        .sum()),
                                Numbers.bytes(r.traffic().uplinkAdapter()),
                                Numbers.bytes(r.traffic().uplinkFisher()),
                                Numbers.bytes(r.traffic().uplinkActivation()),
                                Numbers.bytes(r.traffic().downlinkGradient()),
                                Numbers.seconds(r.wallSeconds())))
                        .toList(),
                1,
                Few.ENDS,
                false);
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (differ(r -> r.clientIds().toString())) {
            notes.add("The runs do not have the same clients: their means answer different questions.");
        }
        for (String split : splits()) {
            if (differ(r -> String.valueOf(r.lastEvaluated(split)))) {
                notes.add("On the " + Charts.splitName(split)
                        + " the runs were last evaluated after different rounds: compare the chart's lines at the same"
                        + " round.");
            }
            if (differ(r -> Numbers.percent(r.zeroShot(split).mean()))) {
                notes.add("Zero-shot accuracy differs on the " + Charts.splitName(split)
                        + ": the runs have different data or a different model, so compare gains, not levels.");
            }
        }
        if (differ(r -> String.valueOf(
                r.trained().stream().mapToLong(Round::endpointSamples).sum()))) {
            notes.add(
                    "The runs did not use the same number of endpoint samples. Strategies with an extra Fisher pass cost"
                            + " more per round: compare at equal cost too before calling one better.");
        }
        notes.add("A difference within about two standard deviations over a handful of seeds may be chance.");
        return notes;
    }

    private boolean differ(java.util.function.Function<RunSummary, String> value) {
        return runs.stream()
                        .map(value)
                        .collect(Collectors.toCollection(TreeSet::new))
                        .size()
                > 1;
    }

    private static String seed(RunSummary run) {
        return run.run().rounds().isEmpty()
                ? Numbers.NONE
                : String.valueOf(run.run().rounds().get(0).seed());
    }

    private static double mean(java.util.Collection<Double> values) {
        return Spread.of(values).mean();
    }

    /** Sample standard deviation in points; one value has none. */
    private static String deviation(java.util.Collection<Double> values) {
        double mean = mean(values);
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return values.size() < 2
                ? Numbers.NONE
                : "± " + Numbers.decimal(100 * Math.sqrt(squares / (values.size() - 1)), 1);
    }
}
