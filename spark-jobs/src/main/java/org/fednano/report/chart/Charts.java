package org.fednano.report.chart;

import static org.fednano.report.chart.ChartStyle.BLUE;
import static org.fednano.report.chart.ChartStyle.GREY;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.DoubleStream;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report.Picture;
import org.fednano.report.data.RunMetrics.Client;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunMetrics.Traffic;
import org.fednano.report.data.RunSummary;
import org.fednano.report.data.RunSummary.Spread;
import org.fednano.report.data.Texts;
import org.knowm.xchart.XYChart;

/** Courses over rounds as line charts. Each is empty if the tables hold nothing to draw. */
public final class Charts {

    /** Above these, lines of single clients would be a tangle. */
    private static final int MANY_LINES = 8;

    private Charts() {}

    /** Accuracy by round on own and balanced test sets, with the range over clients and the majority answer. */
    public static Optional<Picture> accuracy(RunSummary summary) {
        List<String> splits = summary.splits();
        if (splits.isEmpty()) {
            return Optional.empty();
        }
        XYChart chart = ChartStyle.overRounds("accuracy", Charts::percentLabel);
        StringBuilder alt = new StringBuilder(
                "Line chart of accuracy by round, mean over clients; band and majority answer are those of the "
                        + splitName(splits.get(0)) + ".");
        String first = splits.get(0);
        NavigableMap<Integer, Spread> main = summary.accuracy(first);
        int begin = splits.stream()
                .mapToInt(s -> summary.accuracy(s).firstKey())
                .min()
                .orElseThrow();
        int end = splits.stream()
                .mapToInt(s -> summary.accuracy(s).lastKey())
                .max()
                .orElseThrow();
        ChartStyle.axes(chart, begin, end, 0, 1);
        if (main.size() > 1 && main.lastEntry().getValue().clients() > 1) {
            ChartStyle.band(
                    chart,
                    "range over clients",
                    rounds(main),
                    values(main, Spread::min),
                    values(main, Spread::max),
                    BLUE);
        }
        int look = 0;
        for (String split : splits) {
            NavigableMap<Integer, Spread> course = summary.accuracy(split);
            ChartStyle.line(chart, splitName(split), rounds(course), values(course, Spread::mean), look++);
            alt.append(' ')
                    .append(Texts.capital(splitName(split)))
                    .append(": ")
                    .append(Numbers.percent(course.firstEntry().getValue().mean()))
                    .append(" after round ")
                    .append(course.firstKey())
                    .append(", ")
                    .append(Numbers.percent(course.lastEntry().getValue().mean()))
                    .append(" after round ")
                    .append(course.lastKey())
                    .append('.');
        }
        double majority = summary.majority(first).mean();
        if (Double.isFinite(majority)) {
            String name = "majority answer";
            ChartStyle.level(chart, name, begin, Math.max(end, begin + 1), majority, GREY);
            alt.append(" Majority answer: ").append(Numbers.percent(majority)).append('.');
        }
        return picture(
                "accuracy",
                "Accuracy by round, mean over clients (band and majority answer: " + splitName(first) + ")",
                alt.toString(),
                chart);
    }

    /** Training loss by round. */
    public static Optional<Picture> loss(RunSummary summary) {
        List<Round> rounds = summary.trained().stream()
                .filter(r -> Double.isFinite(r.lastEpochLoss()))
                .toList();
        if (rounds.isEmpty()) {
            return Optional.empty();
        }
        XYChart chart = ChartStyle.overRounds("loss, nats per answer token", y -> trim(y, 3));
        NavigableMap<Integer, Spread> clients = summary.clientLoss();
        double most = DoubleStream.concat(
                        clients.values().stream().mapToDouble(Spread::max),
                        rounds.stream().flatMapToDouble(r -> DoubleStream.of(r.firstEpochLoss(), r.lastEpochLoss())))
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        ChartStyle.axes(
                chart, rounds.get(0).round(), rounds.get(rounds.size() - 1).round(), 0, most);
        if (clients.size() > 1 && clients.lastEntry().getValue().clients() > 1) {
            ChartStyle.band(
                    chart,
                    "range over clients",
                    rounds(clients),
                    values(clients, Spread::min),
                    values(clients, Spread::max),
                    BLUE);
        }
        double[] x = rounds.stream().mapToDouble(Round::round).toArray();
        ChartStyle.line(
                chart,
                "last local epoch",
                x,
                rounds.stream().mapToDouble(Round::lastEpochLoss).toArray(),
                0);
        // With one local epoch the first is the last.
        if (rounds.stream().anyMatch(r -> differs(r.firstEpochLoss(), r.lastEpochLoss()))) {
            ChartStyle.line(
                    chart,
                    "first local epoch",
                    x,
                    rounds.stream().mapToDouble(Round::firstEpochLoss).toArray(),
                    1);
        }
        Round first = rounds.get(0);
        Round last = rounds.get(rounds.size() - 1);
        return picture(
                "loss",
                "Training loss by round",
                "Line chart of the training loss in nats per answer token: "
                        + Numbers.decimal(first.lastEpochLoss(), 3) + " in round " + first.round() + ", "
                        + Numbers.decimal(last.lastEpochLoss(), 3) + " in round " + last.round() + ".",
                chart);
    }

    /** Bytes by round and kind, on a logarithmic axis. */
    public static Optional<Picture> traffic(RunSummary summary) {
        Map<String, ToLongFunction<Traffic>> kinds = new LinkedHashMap<>();
        kinds.put("activations up", Traffic::uplinkActivation);
        kinds.put("gradients down", Traffic::downlinkGradient);
        kinds.put("adapters up", Traffic::uplinkAdapter);
        kinds.put("Fisher up", Traffic::uplinkFisher);
        kinds.put("adapters down", Traffic::downlinkAdapter);
        kinds.put("features up", Traffic::uplinkFeature);
        List<Round> rounds = summary.trained();
        // XChart's own logarithmic axis takes no label function, so the logarithms are drawn on a plain axis.
        XYChart chart = ChartStyle.overRounds("bytes per round, all clients", Charts::decadeLabel);
        StringBuilder alt = new StringBuilder("Line chart of bytes per round on a logarithmic axis. Means:");
        int look = 0;
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (var kind : kinds.entrySet()) {
            // A logarithm has no zero: a round without such bytes has no point.
            NavigableMap<Integer, Double> course = new TreeMap<>();
            for (Round round : rounds) {
                long bytes = kind.getValue().applyAsLong(round.traffic());
                if (bytes > 0) {
                    course.put(round.round(), (double) bytes);
                    least = Math.min(least, bytes);
                    most = Math.max(most, bytes);
                }
            }
            if (!course.isEmpty()) {
                var series = ChartStyle.line(chart, kind.getKey(), rounds(course), values(course, Math::log10), look);
                // Kinds of equal size lie on each other: later ones are dashed, so that the ones below show.
                if (look % 2 == 1 || look == 4) {
                    series.setLineStyle(ChartStyle.dashes(2.2f));
                }
                double mean =
                        course.values().stream().mapToDouble(v -> v).average().orElse(0);
                alt.append(' ')
                        .append(kind.getKey())
                        .append(' ')
                        .append(Numbers.bytes(mean))
                        .append(';');
            }
            look++;
        }
        if (most == 0) {
            return Optional.empty();
        }
        ChartStyle.axes(
                chart,
                rounds.get(0).round(),
                summary.lastRound(),
                Math.floor(Math.log10(least)),
                Math.ceil(Math.log10(most)));
        alt.setCharAt(alt.length() - 1, '.');
        return picture("traffic", "Bytes per round and direction (logarithmic)", alt.toString(), chart);
    }

    /** The shares as they went round by round, for a handful of clients. */
    public static Optional<Picture> shareCourse(RunSummary summary) {
        Map<String, NavigableMap<Integer, Double>> courses = new TreeMap<>();
        for (Client c : summary.run().clients()) {
            if (c.merged() && Double.isFinite(c.mergeWeightShare())) {
                courses.computeIfAbsent(c.clientId(), id -> new TreeMap<>()).put(c.round(), c.mergeWeightShare());
            }
        }
        boolean moves = courses.values().stream().anyMatch(c -> c.size() > 1);
        if (!moves || courses.size() < 2 || courses.size() > MANY_LINES) {
            return Optional.empty();
        }
        XYChart chart = ChartStyle.overRounds("share of merge weight", Charts::percentLabel);
        List<Integer> all = courses.values().stream()
                .flatMap(c -> c.keySet().stream())
                .sorted()
                .toList();
        double most = courses.values().stream()
                .flatMap(c -> c.values().stream())
                .mapToDouble(v -> v)
                .max()
                .orElse(1);
        ChartStyle.axes(chart, all.get(0), all.get(all.size() - 1), 0, most);
        List<String> names = labels(List.copyOf(courses.keySet()));
        int look = 0;
        for (var course : courses.values()) {
            ChartStyle.line(chart, names.get(look), rounds(course), values(course, v -> v), look++);
        }
        return picture(
                "share-course",
                "Share of the merge by round",
                "Line chart with one line per client: its share of the merge weight by round. Last values: "
                        + String.join(
                                ", ",
                                courses.entrySet().stream()
                                        .map(c -> c.getKey() + " "
                                                + Numbers.percent(
                                                        c.getValue().lastEntry().getValue()))
                                        .toList())
                        + ".",
                chart);
    }

    /** Wall time of each round and of its slowest client. */
    public static Optional<Picture> seconds(RunSummary summary) {
        List<Round> rounds = summary.trained().stream()
                .filter(r -> Double.isFinite(r.wallSeconds()))
                .toList();
        if (rounds.isEmpty()) {
            return Optional.empty();
        }
        XYChart chart = ChartStyle.overRounds("seconds", y -> trim(y, 2));
        NavigableMap<Integer, Double> slowest = summary.slowestClient();
        double most = DoubleStream.concat(
                        rounds.stream().mapToDouble(Round::wallSeconds),
                        slowest.values().stream().mapToDouble(v -> v))
                .max()
                .orElse(1);
        ChartStyle.axes(chart, rounds.get(0).round(), summary.lastRound(), 0, most);
        ChartStyle.line(
                chart,
                "whole round",
                rounds.stream().mapToDouble(Round::round).toArray(),
                rounds.stream().mapToDouble(Round::wallSeconds).toArray(),
                0);
        if (!slowest.isEmpty()) {
            ChartStyle.line(chart, "slowest client", rounds(slowest), values(slowest, v -> v), 1);
        }
        double mean = summary.wallSeconds() / rounds.size();
        return picture(
                "seconds",
                "Seconds per round",
                "Line chart of wall seconds per round, mean " + Numbers.seconds(mean)
                        + ", and of the slowest client's training and Fisher pass.",
                chart);
    }

    /** Accuracy by round of several runs; of many runs, the mean of each strategy's. */
    public static Optional<Picture> comparison(List<RunSummary> runs, String split) {
        boolean many = runs.size() > MANY_LINES;
        Map<String, List<RunSummary>> groups = new LinkedHashMap<>();
        for (RunSummary run : runs) {
            groups.computeIfAbsent(many ? run.strategy() : run.run().runId(), name -> new ArrayList<>())
                    .add(run);
        }
        XYChart chart = ChartStyle.overRounds("accuracy, mean over clients", Charts::percentLabel);
        int last = runs.stream().mapToInt(r -> r.lastEvaluated(split)).max().orElse(0);
        ChartStyle.axes(chart, 0, last, 0, 1);
        List<String> names = labels(List.copyOf(groups.keySet()));
        List<String> ends = new ArrayList<>();
        int look = 0;
        for (List<RunSummary> group : groups.values()) {
            String name = names.get(look);
            NavigableMap<Integer, Spread> course = meanCourse(group, split);
            if (!course.isEmpty()) {
                ChartStyle.line(chart, name, rounds(course), values(course, Spread::mean), look);
                ends.add(name + " "
                        + Numbers.percent(course.lastEntry().getValue().mean()));
            }
            look++;
        }
        String title = "Accuracy by round, " + splitName(split) + (many ? ", mean of each strategy's runs" : "");
        return ends.isEmpty()
                ? Optional.empty()
                : picture(
                        "comparison",
                        title,
                        "Line chart with one line per " + (many ? "strategy" : "run") + ". Last values: "
                                + String.join(", ", ends) + ".",
                        chart);
    }

    private static NavigableMap<Integer, Spread> meanCourse(List<RunSummary> runs, String split) {
        NavigableMap<Integer, List<Double>> values = new TreeMap<>();
        for (RunSummary run : runs) {
            run.accuracy(split).forEach((round, accuracy) -> values.computeIfAbsent(round, r -> new ArrayList<>())
                    .add(accuracy.mean()));
        }
        NavigableMap<Integer, Spread> course = new TreeMap<>();
        values.forEach((round, all) -> course.put(round, Spread.of(all)));
        return course;
    }

    /** What a split is called in sentences. */
    public static String splitName(String split) {
        return switch (split) {
            case RunSummary.OWN -> "own test set";
            case RunSummary.BALANCED -> "balanced test set";
            default -> split + " set";
        };
    }

    public static Optional<Picture> picture(
            String id, String title, String alt, org.knowm.xchart.internal.chartpart.Chart<?, ?> chart) {
        return Optional.of(new Picture(id, title, alt, chart.getWidth(), chart.getHeight(), chart::paint));
    }

    private static double[] rounds(NavigableMap<Integer, ?> course) {
        return course.keySet().stream().mapToDouble(Integer::doubleValue).toArray();
    }

    private static <T> double[] values(NavigableMap<Integer, T> course, ToDoubleFunction<T> value) {
        return course.values().stream().mapToDouble(value).toArray();
    }

    public static String percentLabel(double fraction) {
        return trim(100 * fraction, 1) + " %";
    }

    /** The label of a whole power of ten; points between have none. */
    private static String decadeLabel(double exponent) {
        return exponent == Math.rint(exponent) && exponent >= 0
                ? Numbers.bytes(Math.pow(10, exponent)).replaceAll("\\.0+ ", " ")
                : "";
    }

    private static String trim(double value, int decimals) {
        String text = Numbers.format("%." + decimals + "f", value);
        return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }

    /** Names short enough for an axis or a legend, and still different from each other. */
    public static List<String> labels(List<String> names) {
        List<String> labels = new ArrayList<>();
        for (String given : names) {
            String name = Texts.clean(given);
            String label = name.length() <= 20 ? name : name.substring(0, 10) + "…" + name.substring(name.length() - 9);
            labels.add(labels.contains(label) ? label + " #" + (labels.size() + 1) : label);
        }
        return labels;
    }

    static double zeroIfNone(double value) {
        return Double.isFinite(value) ? value : 0;
    }

    private static boolean differs(double a, double b) {
        return Double.isFinite(a) && Math.abs(a - b) > 1e-9 * Math.max(1, Math.abs(b));
    }
}
