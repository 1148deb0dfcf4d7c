package org.fednano.report.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.fednano.report.data.RunMetrics.Client;
import org.fednano.report.data.RunMetrics.Evaluation;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunMetrics.Traffic;

/** What the rows of a run amount to: means over clients, courses over rounds, lines per client and per skill. */
public final class RunSummary {

    static final String MODEL = "model";
    static final String MAJORITY = "majority";
    public static final String OWN = "test";
    public static final String BALANCED = "balanced";

    /** Mean, least and greatest over clients; NaN where there are none. */
    public record Spread(double mean, double min, double max, int clients) {

        public static Spread of(Iterable<Double> values) {
            double sum = 0;
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            int n = 0;
            for (double value : values) {
                if (Double.isFinite(value)) {
                    sum += value;
                    min = Math.min(min, value);
                    max = Math.max(max, value);
                    n++;
                }
            }
            return n == 0 ? new Spread(Double.NaN, Double.NaN, Double.NaN, 0) : new Spread(sum / n, min, max, n);
        }
    }

    /** Accuracies of one client, or one skill, on one split; fractions, NaN where not measured. */
    public record Line(String name, long samples, double majority, double zeroShot, double last) {
        public double gain() {
            return last - zeroShot;
        }
    }

    /** A client over the whole run. Shares are means over the rounds in which its update was merged. */
    public record ClientCourse(
            String clientId,
            long trainingRows,
            int merged,
            int lost,
            double mergeShare,
            double rowShare,
            double meanSeconds,
            Traffic traffic) {}

    private final RunMetrics run;
    private final Map<String, NavigableMap<Integer, Map<String, Evaluation>>> model = new LinkedHashMap<>();
    private final Map<String, Map<String, Evaluation>> majority = new LinkedHashMap<>();

    public RunSummary(RunMetrics run) {
        this.run = run;
        for (Evaluation e : run.evaluations()) {
            if (!e.category().isEmpty()) {
                continue;
            }
            if (e.predictor().equals(MODEL)) {
                model.computeIfAbsent(e.split(), s -> new TreeMap<>())
                        .computeIfAbsent(e.round(), r -> new TreeMap<>())
                        .put(e.clientId(), e);
            } else if (e.predictor().equals(MAJORITY)) {
                // Rows come by round and the baseline never changes: the latest one stands.
                majority.computeIfAbsent(e.split(), s -> new TreeMap<>()).put(e.clientId(), e);
            }
        }
    }

    public RunMetrics run() {
        return run;
    }

    /** Splits with evaluations: own test set first, balanced second, then any others. */
    public List<String> splits() {
        return model.keySet().stream()
                .sorted(Comparator.comparingInt((String s) -> s.equals(OWN) ? 0 : s.equals(BALANCED) ? 1 : 2)
                        .thenComparing(s -> s))
                .toList();
    }

    /** Accuracy over clients by evaluated round; round 0 is zero-shot. */
    public NavigableMap<Integer, Spread> accuracy(String split) {
        NavigableMap<Integer, Spread> course = new TreeMap<>();
        model.getOrDefault(split, new TreeMap<>())
                .forEach((round, clients) -> course.put(round, spread(clients, Evaluation::accuracy)));
        return course;
    }

    /** Accuracy of one client by evaluated round. */
    public NavigableMap<Integer, Double> accuracy(String split, String clientId) {
        NavigableMap<Integer, Double> course = new TreeMap<>();
        model.getOrDefault(split, new TreeMap<>()).forEach((round, clients) -> {
            if (clients.containsKey(clientId)) {
                course.put(round, clients.get(clientId).accuracy());
            }
        });
        return course;
    }

    public Spread zeroShot(String split) {
        return accuracy(split).getOrDefault(0, Spread.of(List.of()));
    }

    /** Accuracy of the last evaluated round after round 0. */
    public Spread last(String split) {
        var after = accuracy(split).tailMap(1, true);
        return after.isEmpty() ? Spread.of(List.of()) : after.lastEntry().getValue();
    }

    public Spread majority(String split) {
        return spread(majority.getOrDefault(split, Map.of()), Evaluation::accuracy);
    }

    /** Last evaluated round of a split, 0 if only zero-shot was, −1 if none. */
    public int lastEvaluated(String split) {
        return model.containsKey(split) ? model.get(split).lastKey() : -1;
    }

    /** Committed rounds that trained; round 0 is the adapter before any training. */
    public List<Round> trained() {
        return run.rounds().stream().filter(r -> r.round() > 0).toList();
    }

    /** Last committed round, 0 if none. */
    public int lastRound() {
        return run.rounds().stream().mapToInt(Round::round).max().orElse(0);
    }

    /** The run's strategy; several where it was changed, and a dash where no round says. */
    public String strategy() {
        String strategies = run.rounds().stream()
                .map(Round::strategy)
                .filter(s -> !s.isEmpty())
                .distinct()
                .collect(Collectors.joining(" then "));
        return strategies.isEmpty() ? Numbers.NONE : strategies;
    }

    /** All clients that any table names. */
    public Set<String> clientIds() {
        Set<String> ids = new TreeSet<>();
        run.clients().forEach(c -> ids.add(c.clientId()));
        run.evaluations().forEach(e -> ids.add(e.clientId()));
        return ids;
    }

    /** One line per client that was evaluated on the split. */
    public List<Line> clientLines(String split) {
        var rounds = model.getOrDefault(split, new TreeMap<>());
        var zero = rounds.getOrDefault(0, Map.of());
        var last = lastEvaluated(split) > 0 ? rounds.get(lastEvaluated(split)) : Map.<String, Evaluation>of();
        var base = majority.getOrDefault(split, Map.of());
        Set<String> ids = new TreeSet<>(zero.keySet());
        ids.addAll(last.keySet());
        return ids.stream()
                .map(id -> new Line(
                        id,
                        last.getOrDefault(id, zero.get(id)).samples(),
                        accuracyOf(base.get(id)),
                        accuracyOf(zero.get(id)),
                        accuracyOf(last.get(id))))
                .toList();
    }

    /** One line per skill of the split, all clients' samples counted together. */
    public List<Line> categoryLines(String split) {
        record Tally(long[] samples, long[] correct) {
            public double accuracy(int i) {
                return samples[i] == 0 ? Double.NaN : (double) correct[i] / samples[i];
            }
        }
        int lastRound = lastEvaluated(split);
        Map<String, Map<String, Evaluation>> baseline = new TreeMap<>();
        Map<String, Tally> tallies = new TreeMap<>();
        for (Evaluation e : run.evaluations()) {
            if (e.category().isEmpty() || !e.split().equals(split)) {
                continue;
            }
            Tally tally = tallies.computeIfAbsent(e.category(), c -> new Tally(new long[3], new long[3]));
            if (e.predictor().equals(MAJORITY)) {
                baseline.computeIfAbsent(e.category(), c -> new TreeMap<>()).put(e.clientId(), e);
            } else if (e.predictor().equals(MODEL) && (e.round() == 0 || e.round() == lastRound)) {
                int i = e.round() == 0 ? 1 : 2;
                tally.samples()[i] += e.samples();
                tally.correct()[i] += e.correct();
            }
        }
        List<Line> lines = new ArrayList<>();
        tallies.forEach((category, tally) -> {
            for (Evaluation e : baseline.getOrDefault(category, Map.of()).values()) {
                tally.samples()[0] += e.samples();
                tally.correct()[0] += e.correct();
            }
            lines.add(new Line(
                    category,
                    Math.max(tally.samples()[2], tally.samples()[1]),
                    tally.accuracy(0),
                    tally.accuracy(1),
                    tally.accuracy(2)));
        });
        return lines;
    }

    /** One line per client that took part in training. */
    public List<ClientCourse> courses() {
        Map<Integer, Long> rowsMerged = run.clients().stream()
                .filter(Client::merged)
                .collect(Collectors.groupingBy(Client::round, Collectors.summingLong(Client::trainingRows)));
        Map<String, List<Client>> byClient = run.clients().stream()
                .collect(Collectors.groupingBy(Client::clientId, TreeMap::new, Collectors.toList()));
        List<ClientCourse> courses = new ArrayList<>();
        byClient.forEach((id, rows) -> {
            List<Client> merged = rows.stream().filter(Client::merged).toList();
            courses.add(new ClientCourse(
                    id,
                    rows.stream().mapToLong(Client::trainingRows).max().orElse(0),
                    merged.size(),
                    rows.size() - merged.size(),
                    mean(merged, Client::mergeWeightShare),
                    mean(merged, c -> (double) c.trainingRows() / Math.max(1, rowsMerged.get(c.round()))),
                    mean(merged, c -> c.trainSeconds() + zeroIfNone(c.fisherSeconds())),
                    rows.stream().map(Client::traffic).reduce(Traffic.NONE, Traffic::plus)));
        });
        return courses;
    }

    /** Training loss over merged clients by round: least, mean and greatest of the first local epoch. */
    public NavigableMap<Integer, Spread> clientLoss() {
        Map<Integer, List<Double>> losses = new TreeMap<>();
        run.clients().stream().filter(Client::merged).forEach(c -> losses.computeIfAbsent(
                        c.round(), r -> new ArrayList<>())
                .add(c.lastEpochLoss()));
        NavigableMap<Integer, Spread> course = new TreeMap<>();
        losses.forEach((round, values) -> course.put(round, Spread.of(values)));
        return course;
    }

    /** Seconds of the slowest client by round, training and Fisher pass. */
    public NavigableMap<Integer, Double> slowestClient() {
        NavigableMap<Integer, Double> slowest = new TreeMap<>();
        for (Client c : run.clients()) {
            double seconds = c.trainSeconds() + zeroIfNone(c.fisherSeconds());
            if (Double.isFinite(seconds)) {
                slowest.merge(c.round(), seconds, Math::max);
            }
        }
        return slowest;
    }

    public Traffic traffic() {
        return trained().stream().map(Round::traffic).reduce(Traffic.NONE, Traffic::plus);
    }

    public double wallSeconds() {
        return trained().stream()
                .mapToDouble(Round::wallSeconds)
                .filter(Double::isFinite)
                .sum();
    }

    /** How often each outcome came, in a fixed order; outcomes that never came are left out. */
    public Map<String, Long> outcomes() {
        Map<String, Long> counts = run.clients().stream()
                .collect(Collectors.groupingBy(Client::outcome, TreeMap::new, Collectors.counting()));
        Map<String, Long> ordered = new LinkedHashMap<>();
        for (String outcome : List.of("merged", "failed", "straggler", "rejected", "missing")) {
            if (counts.containsKey(outcome)) {
                ordered.put(outcome, counts.remove(outcome));
            }
        }
        ordered.putAll(counts);
        return ordered;
    }

    private static double accuracyOf(Evaluation evaluation) {
        return evaluation == null ? Double.NaN : evaluation.accuracy();
    }

    private static double zeroIfNone(double value) {
        return Double.isFinite(value) ? value : 0;
    }

    private static <T> Spread spread(Map<String, T> byClient, ToDoubleFunction<T> value) {
        return Spread.of(byClient.values().stream().map(value::applyAsDouble).toList());
    }

    private static <T> double mean(List<T> rows, ToDoubleFunction<T> value) {
        return Spread.of(rows.stream().map(value::applyAsDouble).toList()).mean();
    }

    /** Clients with training rows whose prompt was cut, and how many these are. */
    public Map<String, Long> cutPrompts() {
        return run.clients().stream()
                .filter(c -> c.cutPrompts() > 0)
                .collect(Collectors.toMap(Client::clientId, Client::cutPrompts, Math::max, TreeMap::new));
    }
}
