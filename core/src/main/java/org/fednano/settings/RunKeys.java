package org.fednano.settings;

import java.time.Duration;
import java.util.List;

/** Where a run lives, how long it goes on, what it needs of its clients, and what is measured. */
public final class RunKeys {

    public static final Setting<String> DIR = Setting.ofLocation(
            "run.dir", "work/run", "Run folder (file-system URI): committed rounds, run.json, last.json.");
    public static final Setting<String> METRICS_DIR = Setting.ofLocation(
            "run.metrics_dir", "work/metrics", "Folder (URI) of the Parquet metric tables, shared by many runs.");
    public static final Setting<String> ID = Setting.ofText(
            "run.id", "", "Name of the run in the metric tables; empty: the run folder's last path element.");
    public static final Setting<String> SHARDS =
            Setting.ofLocation("run.shards", "work/shards", "Folder (URI) of the prepared shards.");
    public static final Setting<String> CLIENTS = Setting.ofLocation(
            "run.clients",
            "",
            "Catalogue (URI) of clients whose shards lie elsewhere: a file that ends in .conf, or a Parquet table. Takes the"
                    + " place of run.shards; empty: none.");
    public static final Setting<List<String>> CLIENT_TAGS = Setting.ofList(
            "run.client_tags",
            List.of(),
            "Only clients of the catalogue with at least one of these tags; empty: all that are switched on.");
    public static final Setting<String> DATA_SINCE = Setting.ofText(
            "run.data_since",
            "",
            "First dated folder of a catalogue's clients that is used, as 2026-01-31; empty: the oldest.");
    public static final Setting<String> DATA_UNTIL = Setting.ofText(
            "run.data_until",
            "",
            "Last dated folder of a catalogue's clients that is used; empty: the newest there is when a round begins.");
    public static final Setting<Duration> OWNER_TIMEOUT = Setting.ofDuration(
            "run.owner_timeout",
            Duration.ofMinutes(3),
            "How long a catalogue's client may take to show what rows it has, before a round; then it counts as failed.");
    public static final Setting<Duration> STALL_TIMEOUT = Setting.ofDuration(
            "run.stall_timeout",
            Duration.ofMinutes(30),
            "How long a client may show no progress while it is encoded or evaluated; then it counts as failed there. Longer"
                    + " than all tries of one call to an endpoint.");
    public static final Setting<Long> SEED = Setting.ofLong(
                    "run.seed", 1, "Every random choice of a run comes from it.")
            .pinned();
    public static final Setting<Integer> ROUNDS =
            Setting.ofInt("run.rounds", 10, 0, 1_000_000, "Rounds to have committed when train ends.");
    public static final Setting<String> STRATEGY = Setting.ofOpenChoice(
                    "run.strategy", "fednano", "What clients do and upload, and how the server merges it.")
            .pinned();
    public static final Setting<Integer> COHORT = Setting.ofInt(
                    "run.clients_per_round",
                    0,
                    0,
                    1_000_000,
                    "Clients drawn for each round, without replacement; 0: all.")
            .pinned();
    public static final Setting<Double> QUORUM = Setting.ofDouble(
                    "run.quorum",
                    0.6,
                    0.0,
                    1.0,
                    "Fraction of the cohort (rounded up, at least 1) whose updates a round needs to be committed.")
            .pinned();
    public static final Setting<Integer> EVAL_EVERY =
            Setting.ofInt("eval.every", 1, 0, 1_000_000, "Evaluate each n-th round and the last; 0: never in train.");
    public static final Setting<List<String>> EVAL_SPLITS =
            Setting.ofList("eval.splits", List.of("test", "balanced"), "Splits to evaluate, where a client has them.");
    public static final Setting<Integer> EVAL_MAX_SAMPLES = Setting.ofInt(
            "eval.max_samples", 0, 0, Integer.MAX_VALUE, "Samples per client and split, in file order; 0: all.");

    static final List<Setting<?>> ALL = List.of(
            DIR,
            METRICS_DIR,
            ID,
            SHARDS,
            CLIENTS,
            CLIENT_TAGS,
            DATA_SINCE,
            DATA_UNTIL,
            OWNER_TIMEOUT,
            STALL_TIMEOUT,
            SEED,
            ROUNDS,
            STRATEGY,
            COHORT,
            QUORUM,
            EVAL_EVERY,
            EVAL_SPLITS,
            EVAL_MAX_SAMPLES);

    private RunKeys() {}
}
