package org.fednano.prep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /** Fields of a sample that {@code prepare.split_column} can name; any other name is read from the raw record. */
    static final Set<String> FIELDS = Set.of("answer", "task", "category", "owner");

    /** Draws of the Dirichlet shares before a minimum that they cannot meet is called impossible. */
    private static final int ATTEMPTS = 200;

    /** The client of samples without a value in the column. */
    private static final String NO_VALUE = "none";

    private static final int MOST_NAME = 40;

    /** Tells a cluster for each sample that has a picture. */
    @FunctionalInterface
    interface Clustering {
        /** @return cluster, 0 to {@code clusters} − 1, by sample id; samples without a picture are left out */
        Map<String, Integer> of(List<Accepted> samples, int clusters);
    }

    private final String mode;
    private final long seed;
    private final int clients;
    private final double alpha;
    private final String column;
    private final int perClient;
    private final int minimum;
    private final Clustering clustering;
    private final Dealing dealing;

    /** @param clustering asked only where {@code prepare.split = clusters} */
    ClientSplits(Settings settings, Clustering clustering) {
        this.mode = settings.get(DataKeys.SPLIT);
        this.seed = settings.get(DataKeys.PREPARE_SEED);
        this.clients = settings.get(DataKeys.CLIENTS);
        this.alpha = settings.get(DataKeys.DIRICHLET_ALPHA);
        this.column = settings.get(DataKeys.SPLIT_COLUMN);
        this.perClient = settings.get(DataKeys.CATEGORIES_PER_CLIENT);
        this.minimum = settings.get(DataKeys.MIN_SAMPLES);
        this.clustering = clustering;
        this.dealing = new Dealing(seed);
    }

    /** Whether the split goes by {@code prepare.split_column}. */
    static boolean usesColumn(Settings settings) {
        return Set.of("column", "dirichlet", "categories").contains(settings.get(DataKeys.SPLIT));
    }

    /**
     * Gives every sample to one client.
     *
     * @return the samples of each client, by client id; each list is sorted by sample id
     * @throws JobException if a client would end with fewer training rows than {@code prepare.min_samples}, or the data
     *     has too few values to split by: status 3 if the data's owners say so, status 2 if the settings do
     */
    SortedMap<String, List<Accepted>> assign(List<Accepted> samples) {
        SortedMap<String, List<Accepted>> shards =
                switch (mode) {
                    case "owner" -> group(samples, Accepted::owner);
                    case "column" -> group(samples, s -> clientName(classOf(s)));
                    case "iid" -> numbered(samples, client -> dealing.evenly(samples, all(), client));
                    case "dirichlet" -> dirichlet(samples);
                    case "categories" -> numbered(samples, client -> categories(samples, client));
                    case "clusters" -> numbered(samples, client -> clusters(samples, client));
                    default -> throw new IllegalStateException("Unknown split " + mode);
                };
        shards.values().forEach(rows -> rows.sort(Comparator.comparing(Accepted::id)));
        checkMinimum(shards);
        return shards;
    }

    private List<Integer> all() {
        return IntStream.range(0, clients).boxed().toList();
    }

    /** Client ids of a split by numbers: {@code c001}, {@code c002}, …, wide enough to sort by name. */
    private String clientId(int k) {
        int digits = Math.max(3, Integer.toString(clients).length());
        return "c" + String.format("%0" + digits + "d", k + 1);
    }

    /** A value as a client's id: itself where it can be a folder's name, else what is left of it and a digest. */
    private static String clientName(String value) {
        if (value.isEmpty()) {
            return NO_VALUE;
        }
        if (value.length() <= MOST_NAME && RecordFields.isClientId(value)) {
            return value;
        }
        String left = value.replaceAll("[^A-Za-z0-9._-]+", "-").replaceAll("^[^A-Za-z0-9]+", "");
        return left.substring(0, Math.min(MOST_NAME, left.length())) + "-"
                + Digests.of(value).substring(0, 8);
    }

    private interface Deal {
        void to(Map<String, Integer> client);
    }

    private SortedMap<String, List<Accepted>> numbered(List<Accepted> samples, Deal deal) {
        Map<String, Integer> client = new HashMap<>();
        deal.to(client);
        SortedMap<String, List<Accepted>> shards = group(samples, s -> clientId(client.get(s.id())));
        IntStream.range(0, clients).forEach(k -> shards.putIfAbsent(clientId(k), new ArrayList<>()));
        return shards;
    }

    /**
     * Each value of the column is shared out by proportions of its own, drawn from a symmetric Dirichlet (Hsu, Qi and
     * Brown, 2019); all splits by the same ones, so that a client is tested on what it has.
     */
    private SortedMap<String, List<Accepted>> dirichlet(List<Accepted> samples) {
        Map<String, List<Accepted>> classes = classes(samples);
        SortedMap<String, List<Accepted>> shards = new TreeMap<>();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String number = Integer.toString(attempt);
            shards = numbered(
                    samples,
                    client -> classes.forEach((value, rows) -> dealing.byShares(
                            rows, Draws.of(seed, "dirichlet", number, value).dirichlet(alpha, clients), client)));
            if (smallest(shards).getValue() >= minimum) {
                break;
            }
        }
        return shards;
    }

    /** A fixed number of values per client (McMahan et al., 2017, deal two digits to each); holders share evenly. */
    private void categories(List<Accepted> samples, Map<String, Integer> client) {
        Map<String, List<Accepted>> classes = classes(samples);
        if (perClient > classes.size() || (long) clients * perClient < classes.size()) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "prepare.categories_per_client must be from " + (classes.size() + clients - 1) / clients + " to "
                            + classes.size() + ", so that each of the " + classes.size() + " values of '" + column
                            + "' has a holder among " + clients + " clients: found " + perClient
                            + ". Change it, or prepare.clients.");
        }
        List<List<Integer>> holders = dealing.holders(classes.size(), clients, perClient);
        int c = 0;
        for (List<Accepted> rows : classes.values()) {
            dealing.evenly(rows, holders.get(c++), client);
        }
    }

    /** Feature shift: pictures that look alike stay together. Samples without a picture are dealt evenly. */
    private void clusters(List<Accepted> samples, Map<String, Integer> client) {
        client.putAll(clustering.of(samples, clients));
        dealing.evenly(samples.stream().filter(s -> !client.containsKey(s.id())).toList(), all(), client);
    }

    private Map<String, List<Accepted>> classes(List<Accepted> samples) {
        return samples.stream().collect(Collectors.groupingBy(this::classOf, TreeMap::new, Collectors.toList()));
    }

    private String classOf(Accepted s) {
        return switch (column) {
            case "answer" -> Answers.normalise(s.answer());
            case "task" -> s.task();
            case "category" -> s.category();
            case "owner" -> s.owner() == null ? "" : s.owner();
            default -> s.column();
        };
    }

    private static SortedMap<String, List<Accepted>> group(List<Accepted> samples, Function<Accepted, String> client) {
        SortedMap<String, List<Accepted>> shards = new TreeMap<>();
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
            case "column" -> JobException.badInput(
                    found + "Take another prepare.split_column, or give this value of it training records.");
            case "dirichlet" -> new JobException(
                    ExitStatus.USAGE, found + "Lower prepare.clients or raise prepare.dirichlet_alpha.");
            case "categories" -> new JobException(
                    ExitStatus.USAGE, found + "Lower prepare.clients or raise prepare.categories_per_client.");
            default -> new JobException(ExitStatus.USAGE, found + "Lower prepare.clients.");
        };
    }

    /** How the manifest describes this split. */
    Map<String, Object> describe() {
        Map<String, Object> text = new LinkedHashMap<>();
        text.put("by", mode);
        text.put("seed", seed);
        if (!Set.of("owner", "column").contains(mode)) {
            text.put("clients", clients);
        }
        if (Set.of("column", "dirichlet", "categories").contains(mode)) {
            text.put("column", column);
        }
        if (mode.equals("dirichlet")) {
            text.put("alpha", alpha);
        }
        if (mode.equals("categories")) {
            text.put("categories_per_client", perClient);
        }
        text.put("min_samples", minimum);
        return text;
    }
}
