package org.fednano.prep.split;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordFields;
import org.fednano.prep.source.Digests;
import org.fednano.random.SplitMix64;
import org.fednano.sample.Answers;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * Deals samples to clients. The outcome depends on the samples and {@code prepare.seed} alone: not on the order in which
 * samples came, nor on how Spark cut the work. Samples are dealt in groups, such as those with the same answer; within a
 * group and split their order is decided by {@link #drawKey} and id, so that it is enough to know how many there are.
 */
public final class ClientSplits implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Draws of the Dirichlet shares before a minimum that they cannot meet is called impossible. */
    private static final int ATTEMPTS = 200;

    /** The client of samples without a value in the column. */
    private static final String NO_VALUE = "none";

    private static final int MOST_NAME = 40;

    /** The group of samples whose image decides where they go. */
    public static final String WITH_IMAGE = "image";

    private final String mode;
    private final long seed;
    private final int clients;
    private final double alpha;
    private final String column;
    private final int perClient;
    private final int minimum;

    public ClientSplits(Settings settings) {
        this.mode = settings.get(DataKeys.SPLIT);
        this.seed = settings.get(DataKeys.PREPARE_SEED);
        this.clients = settings.get(DataKeys.CLIENTS);
        this.alpha = settings.get(DataKeys.DIRICHLET_ALPHA);
        this.column = settings.get(DataKeys.SPLIT_COLUMN);
        this.perClient = settings.get(DataKeys.CATEGORIES_PER_CLIENT);
        this.minimum = settings.get(DataKeys.MIN_SAMPLES);
    }

    /** Returns the number of clients to cluster images for, or 0 where images do not decide. */
    public int clusters() {
        return mode.equals("clusters") ? clients : 0;
    }

    /** Returns the group that a sample is dealt in. */
    public String group(RawSample sample) {
        return switch (mode) {
            case "owner" -> sample.owner();
            case "column", "dirichlet", "categories" -> classOf(sample);
            case "clusters" -> sample.image().isPresent() ? WITH_IMAGE : "";
            default -> "";
        };
    }

    /** Returns what the samples of a group are ordered by, before their ids, to be dealt. */
    public long drawKey(String id) {
        return SplitMix64.of(seed, "order", id).nextLong();
    }

    /**
     * Gives every sample to one client.
     *
     * @param rows samples of each group by split
     * @param clusters of the images where {@link #clusters()} are wanted, else null
     * @throws JobException if a client would end with fewer training rows than {@code prepare.min_samples}, or the data
     *     has too few values to split by: status 3 if the data's owners say so, status 2 if the settings do
     */
    public ClientAssignment assign(SortedMap<String, long[]> rows, ImageClusters.Found clusters) {
        ClientAssignment assignment =
                switch (mode) {
                    case "owner" -> named(rows, owner -> owner);
                    case "column" -> named(rows, ClientSplits::clientName);
                    case "dirichlet" -> dirichlet(rows);
                    case "categories" -> numbered(rows, categories(rows), clusters);
                    default -> numbered(rows, evenly(rows), clusters);
                };
        checkMinimum(assignment);
        return assignment;
    }

    private Map<String, DealRule> evenly(SortedMap<String, long[]> rows) {
        Map<String, DealRule> rules = new HashMap<>();
        DealRule all = new DealRule.Evenly(IntStream.range(0, clients).boxed().toList());
        rows.keySet().forEach(group -> rules.put(group, all));
        return rules;
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

    private static ClientAssignment named(SortedMap<String, long[]> rows, UnaryOperator<String> name) {
        List<String> ids = rows.keySet().stream().map(name).distinct().sorted().toList();
        Map<String, DealRule> rules = new HashMap<>();
        rows.keySet()
                .forEach(group ->
                        rules.put(group, new DealRule.Single(Collections.binarySearch(ids, name.apply(group)))));
        return assignment(ids, rules, rows, null);
    }

    private ClientAssignment numbered(
            SortedMap<String, long[]> rows, Map<String, DealRule> rules, ImageClusters.Found clusters) {
        return assignment(IntStream.range(0, clients).mapToObj(this::clientId).toList(), rules, rows, clusters);
    }

    private static ClientAssignment assignment(
            List<String> ids,
            Map<String, DealRule> rules,
            SortedMap<String, long[]> rows,
            ImageClusters.Found clusters) {
        long[][] counts = new long[ids.size()][Split.values().length];
        for (var group : rows.entrySet()) {
            for (Split split : Split.values()) {
                if (clusters == null || !group.getKey().equals(WITH_IMAGE)) {
                    rules.get(group.getKey()).count(split, group.getValue()[split.ordinal()], counts);
                }
            }
        }
        if (clusters != null) {
            clusters.count(counts);
        }
        return new ClientAssignment(ids, rules, rows, counts, clusters);
    }

    /**
     * Each value of the column is shared out by proportions of its own, drawn from a symmetric Dirichlet (Hsu, Qi and
     * Brown, 2019); all splits by the same ones, so that a client is tested on what it has.
     */
    private ClientAssignment dirichlet(SortedMap<String, long[]> rows) {
        ClientAssignment drawn = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String number = Integer.toString(attempt);
            Map<String, DealRule> rules = new HashMap<>();
            rows.keySet()
                    .forEach(value -> rules.put(
                            value,
                            DealRule.ByShares.of(SplitMix64.of(seed, "dirichlet", number, value)
                                    .dirichlet(alpha, clients))));
            drawn = numbered(rows, rules, null);
            if (drawn.count(smallest(drawn), Split.TRAIN) >= minimum) {
                break;
            }
        }
        return drawn;
    }

    /** A fixed number of values per client (McMahan et al., 2017, deal two digits to each); holders share evenly. */
    private Map<String, DealRule> categories(SortedMap<String, long[]> rows) {
        int values = rows.size();
        if (perClient > values || (long) clients * perClient < values) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "prepare.categories_per_client must be from " + (values + clients - 1) / clients + " to " + values
                            + ", so that each of the " + values + " values of '" + column
                            + "' has a holder among " + clients + " clients: found " + perClient
                            + ". Change it, or prepare.clients.");
        }
        List<List<Integer>> holders = holders(values);
        Map<String, DealRule> rules = new HashMap<>();
        int c = 0;
        for (String value : rows.keySet()) {
            rules.put(value, new DealRule.Evenly(holders.get(c++)));
        }
        return rules;
    }

    /**
     * Which clients hold which categories: a shuffled deck is dealt round and round, so that categories are held by as
     * many clients as each other, give or take one.
     *
     * @return holders of each category, ascending
     */
    private List<List<Integer>> holders(int categories) {
        List<Integer> deck = new ArrayList<>();
        List<List<Integer>> holders = new ArrayList<>();
        for (int c = 0; c < categories; c++) {
            deck.add(c);
            holders.add(new ArrayList<>());
        }
        SplitMix64.of(seed, "categories").shuffle(deck);
        for (int k = 0; k < clients; k++) {
            for (int j = 0; j < perClient; j++) {
                int place = (int) (((long) k * perClient + j) % categories);
                holders.get(deck.get(place)).add(k);
            }
        }
        return holders;
    }

    private String classOf(RawSample s) {
        return switch (column) {
            case "answer" -> Answers.normalise(s.answer());
            case "task" -> s.task();
            case "category" -> s.category();
            case "owner" -> s.owner() == null ? "" : s.owner();
            default -> s.column();
        };
    }

    /** Returns the first of the clients with the fewest training rows. */
    private static int smallest(ClientAssignment assignment) {
        int smallest = 0;
        for (int k = 1; k < assignment.clients().size(); k++) {
            if (assignment.count(k, Split.TRAIN) < assignment.count(smallest, Split.TRAIN)) {
                smallest = k;
            }
        }
        return smallest;
    }

    private void checkMinimum(ClientAssignment assignment) {
        int smallest = smallest(assignment);
        if (assignment.count(smallest, Split.TRAIN) >= minimum) {
            return;
        }
        long all = 0;
        for (int k = 0; k < assignment.clients().size(); k++) {
            all += assignment.count(k, Split.TRAIN);
        }
        String found = "Every client must get at least prepare.min_samples = " + minimum + " training rows: client "
                + assignment.clients().get(smallest) + " got " + assignment.count(smallest, Split.TRAIN) + " of " + all
                + " over " + assignment.clients().size() + " clients (prepare.split = " + mode + "). ";
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

    /** Returns how the manifest describes this split. */
    public Map<String, Object> describe() {
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
