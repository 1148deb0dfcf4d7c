package org.fednano.prep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fednano.iconworld.Draws;
import org.fednano.sample.Answers;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * Which client owns which sample. The outcome depends on the samples and {@code prepare.seed} alone: not on the order
 * in which samples came, nor on how Spark cut the work.
 */
final class ClientSplits {

    /** Draws of the Dirichlet shares before a minimum that they cannot meet is called impossible. */
    private static final int ATTEMPTS = 200;

    private final String mode;
    private final long seed;
    private final int clients;
    private final double alpha;
    private final String column;
    private final int minimum;

    ClientSplits(Settings settings) {
        this.mode = settings.get(DataKeys.SPLIT);
        this.seed = settings.get(DataKeys.PREPARE_SEED);
        this.clients = settings.get(DataKeys.CLIENTS);
        this.alpha = settings.get(DataKeys.DIRICHLET_ALPHA);
        this.column = settings.get(DataKeys.DIRICHLET_COLUMN);
        this.minimum = settings.get(DataKeys.MIN_SAMPLES);
    }

    /**
     * Gives every sample to one client.
     *
     * @return the samples of each client, by client id; each list is sorted by sample id
     * @throws JobException if a client would end with fewer training rows than {@code prepare.min_samples}: status 3
     *     if the data's owners say so, status 2 if the settings do
     */
    SortedMap<String, List<Accepted>> assign(List<Accepted> samples) {
        SortedMap<String, List<Accepted>> shards =
                switch (mode) {
                    case "owner" -> group(samples, Accepted::owner);
                    case "iid" -> iid(samples);
                    case "dirichlet" -> dirichlet(samples);
                    default -> throw new IllegalStateException("Unknown split " + mode);
                };
        shards.values().forEach(rows -> rows.sort(Comparator.comparing(Accepted::id)));
        checkMinimum(shards);
        return shards;
    }

    /** Client ids of a split by numbers: {@code c001}, {@code c002}, …, wide enough to sort by name. */
    private String clientId(int k) {
        int digits = Math.max(3, Integer.toString(clients).length());
        return "c" + String.format("%0" + digits + "d", k + 1);
    }

    private SortedMap<String, List<Accepted>> iid(List<Accepted> samples) {
        Map<String, Integer> client = new HashMap<>();
        for (Split split : Split.values()) {
            List<Accepted> shuffled =
                    shuffled(samples.stream().filter(s -> s.split() == split).toList());
            for (int i = 0; i < shuffled.size(); i++) {
                client.put(shuffled.get(i).id(), i % clients);
            }
        }
        return group(samples, s -> clientId(client.get(s.id())));
    }

    /**
     * Each value of the column is shared out by proportions of its own, drawn from a symmetric Dirichlet (Hsu, Qi and
     * Brown, 2019); all splits by the same ones, so that a client is tested on what it has.
     */
    private SortedMap<String, List<Accepted>> dirichlet(List<Accepted> samples) {
        Map<String, List<Accepted>> classes =
                samples.stream().collect(Collectors.groupingBy(this::classOf, TreeMap::new, Collectors.toList()));
        SortedMap<String, List<Accepted>> shards = new TreeMap<>();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Map<String, Integer> client = new HashMap<>();
            for (var one : classes.entrySet()) {
                double[] shares = Draws.of(seed, "dirichlet", Integer.toString(attempt), one.getKey())
                        .dirichlet(alpha, clients);
                for (Split split : Split.values()) {
                    share(
                            one.getValue().stream()
                                    .filter(s -> s.split() == split)
                                    .toList(),
                            shares,
                            client);
                }
            }
            shards = group(samples, s -> clientId(client.get(s.id())));
            if (smallest(shards).getValue() >= minimum) {
                break;
            }
        }
        return shards;
    }

    private void share(List<Accepted> samples, double[] shares, Map<String, Integer> client) {
        List<Accepted> shuffled = shuffled(samples);
        int k = 0;
        double end = shares[0];
        for (int i = 0; i < shuffled.size(); i++) {
            double place = (i + 0.5) / shuffled.size();
            while (place > end && k < shares.length - 1) {
                end += shares[++k];
            }
            client.put(shuffled.get(i).id(), k);
        }
    }

    private String classOf(Accepted s) {
        return switch (column) {
            case "answer" -> Answers.normalise(s.answer());
            case "task" -> s.task();
            case "category" -> s.category();
            default -> throw new IllegalStateException("Unknown column " + column);
        };
    }

    /** In an order that the seed and the ids decide. */
    private List<Accepted> shuffled(List<Accepted> samples) {
        record Keyed(long key, Accepted sample) {}
        return samples.stream()
                .map(s -> new Keyed(Draws.of(seed, "order", s.id()).nextLong(), s))
                .sorted(Comparator.comparingLong(Keyed::key)
                        .thenComparing(k -> k.sample().id()))
                .map(Keyed::sample)
                .toList();
    }

    private SortedMap<String, List<Accepted>> group(List<Accepted> samples, Function<Accepted, String> client) {
        SortedMap<String, List<Accepted>> shards = new TreeMap<>();
        if (!mode.equals("owner")) {
            IntStream.range(0, clients).forEach(k -> shards.put(clientId(k), new ArrayList<>()));
        }
        samples.forEach(s ->
                shards.computeIfAbsent(client.apply(s), c -> new ArrayList<>()).add(s));
        return shards;
    }

    private static Map.Entry<String, Long> smallest(SortedMap<String, List<Accepted>> shards) {
        return shards.entrySet().stream()
                .map(e -> Map.entry(
                        e.getKey(),
                        e.getValue().stream()
                                .filter(s -> s.split() == Split.TRAIN)
                                .count()))
                .min(Map.Entry.comparingByValue())
                .orElseThrow();
    }

    private void checkMinimum(SortedMap<String, List<Accepted>> shards) {
        Map.Entry<String, Long> smallest = smallest(shards);
        if (smallest.getValue() >= minimum) {
            return;
        }
        String found = "Every client must get at least prepare.min_samples = " + minimum + " training rows: client "
                + smallest.getKey() + " got " + smallest.getValue() + " of "
                + shards.values().stream()
                        .flatMap(List::stream)
                        .filter(s -> s.split() == Split.TRAIN)
                        .count()
                + " over " + shards.size() + " clients (prepare.split = " + mode + "). ";
        throw switch (mode) {
            case "owner" -> JobException.badInput(
                    found + "Give this owner training records, or remove it from the raw data set.");
            case "iid" -> new JobException(ExitStatus.USAGE, found + "Lower prepare.clients.");
            default -> new JobException(
                    ExitStatus.USAGE, found + "Lower prepare.clients or raise prepare.dirichlet_alpha.");
        };
    }

    /** How the manifest describes this split. */
    Map<String, Object> describe() {
        Map<String, Object> text = new java.util.LinkedHashMap<>();
        text.put("by", mode);
        text.put("seed", seed);
        if (!mode.equals("owner")) {
            text.put("clients", clients);
        }
        if (mode.equals("dirichlet")) {
            text.put("column", column);
            text.put("alpha", alpha);
        }
        text.put("min_samples", minimum);
        return text;
    }
}
