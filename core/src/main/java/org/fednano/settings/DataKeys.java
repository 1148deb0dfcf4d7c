package org.fednano.settings;

import java.util.List;
import java.util.Map;

/** Drawing IconWorld and preparing raw data. */
public final class DataKeys {

    public static final Setting<String> WORLD = Setting.ofChoice(
            "generate.world",
            "shared",
            List.of(
                    "base",
                    "shared",
                    "noisy",
                    "noisy-big",
                    "misfit",
                    "tiny",
                    "tasks",
                    "cluster",
                    "conflict",
                    "control",
                    "broken",
                    "unseen"),
            "Which IconWorld to draw: the base world, or a federation whose clients see it shifted; docs/federations.md says what"
                    + " each one asks.");
    public static final Setting<String> GENERATE_OUT =
            Setting.ofText("generate.out", "work/raw", "Folder to create for the drawn data set.");
    public static final Setting<Long> GENERATE_SEED =
            Setting.ofLong("generate.seed", 1, "Every drawing comes from it.");
    public static final Setting<Integer> GENERATE_CLIENTS =
            Setting.ofInt("generate.clients", 5, 1, 100_000, "Clients of a federation (the base world has one owner).");
    public static final Setting<Integer> GENERATE_TRAIN = Setting.ofInt(
            "generate.train", 2000, 1, 100_000_000, "Training samples over all clients; sizes differ per client.");
    public static final Setting<Integer> GENERATE_VAL = Setting.ofInt(
            "generate.val",
            50,
            0,
            100_000_000,
            "Validation samples per client, with the client's own answer frequencies.");
    public static final Setting<Integer> GENERATE_TEST = Setting.ofInt(
            "generate.test", 100, 0, 100_000_000, "Test samples per client, with the client's own answer frequencies.");
    public static final Setting<Integer> GENERATE_BALANCED =
            Setting.ofInt("generate.balanced", 100, 0, 100_000_000, "Test samples per client with balanced answers.");
    public static final Setting<Double> GENERATE_SKEW = Setting.ofDouble(
            "generate.answer_alpha",
            1.0,
            1e-3,
            1e6,
            "Dirichlet concentration of each client's answer frequencies; small is skewed.");
    public static final Setting<Double> GENERATE_SIZE_SKEW = Setting.ofDouble(
            "generate.size_alpha", 2.0, 1e-3, 1e6, "Dirichlet concentration of the clients' sizes; small is uneven.");

    public static final Setting<Double> GENERATE_BRIGHTNESS = Setting.ofDouble(
            "generate.brightness",
            0.75,
            0.01,
            1,
            "Factor on every pixel of the shared world (its dark rendering); 1 leaves the rotated colour channels alone.");
    public static final Setting<Boolean> GENERATE_RECORD_FILES = Setting.ofSwitch(
            "generate.record_files",
            true,
            "Whether each problem also gets its data.json, as in IconQA's release; prepare does not read it.");

    public static final Setting<String> SOURCE =
            Setting.ofLocation("prepare.source", "work/raw", "Raw data set folder (URI) to read.");
    public static final Setting<String> FORMAT = Setting.ofChoice(
            "prepare.format",
            "iconqa",
            List.of("iconqa", "scienceqa", "llava", "table"),
            "Layout of the raw data set: the release of IconQA or ScienceQA, LLaVA's conversations, or Parquet/JSONL rows.");
    public static final Setting<List<String>> FILES = Setting.ofList(
            "prepare.files",
            List.of(),
            "Files below prepare.source with the records; empty: all in it that end in .json or .jsonl (llava), .jsonl or .parquet (table).");
    public static final Setting<Map<String, String>> COLUMNS = Setting.ofMap(
            "prepare.columns",
            "Columns of a table by meaning: id, split, owner, question, context, choices, answer, answer_index, task, category,"
                    + " image; other names are further media (audio). Unnamed: a column of that very name.");
    public static final Setting<String> MEDIA_ROOT = Setting.ofLocation(
            "prepare.media_root",
            "",
            "Folder (URI) below which pictures and other media lie; nothing outside it is read. Empty: prepare.source.");
    public static final Setting<String> DEFAULT_SPLIT = Setting.ofChoice(
            "prepare.default_split",
            "train",
            List.of("train", "val", "test", "balanced"),
            "Split of records that name none (llava, table).");
    public static final Setting<Boolean> LECTURE = Setting.ofSwitch(
            "prepare.lecture", false, "Whether ScienceQA's lecture goes into the context behind the hint.");
    public static final Setting<String> PREPARE_OUT =
            Setting.ofLocation("prepare.out", "work/shards", "Folder (URI) to create for the shards.");
    public static final Setting<Long> PREPARE_SEED = Setting.ofLong("prepare.seed", 1, "The split comes from it.");
    public static final Setting<String> SPLIT = Setting.ofChoice(
            "prepare.split",
            "owner",
            List.of("owner", "column", "iid", "dirichlet", "categories", "clusters"),
            "How samples go to clients: by the owner that the records name; a client per value of split_column; at random;"
                    + " each value of split_column in shares of its own; a fixed number of its values per client; by"
                    + " clusters of picture features.");
    public static final Setting<Integer> CLIENTS = Setting.ofInt(
            "prepare.clients", 5, 1, 100_000, "Clients to split over (iid, dirichlet, categories, clusters).");
    public static final Setting<String> SPLIT_COLUMN = Setting.ofText(
            "prepare.split_column",
            "answer",
            "What column, dirichlet and categories go by: answer, task, category, owner, or any field of the raw records.");
    public static final Setting<Integer> CATEGORIES_PER_CLIENT = Setting.ofInt(
            "prepare.categories_per_client",
            2,
            1,
            1_000_000,
            "Values of split_column that a client gets (categories).");
    public static final Setting<Double> DIRICHLET_ALPHA =
            Setting.ofDouble("prepare.dirichlet_alpha", 0.5, 1e-3, 1e6, "Its concentration; small is skewed.");
    public static final Setting<Integer> MIN_SAMPLES = Setting.ofInt(
            "prepare.min_samples",
            1,
            0,
            1_000_000,
            "Training rows that every client must end up with. 0: some may have none; they are evaluated and never train.");
    public static final Setting<Double> MAX_REJECTS = Setting.ofDouble(
            "prepare.max_reject_fraction",
            0.05,
            0,
            1,
            "Rejected records over all records above which prepare fails with status 3.");

    public static final Setting<Integer> MAX_IMAGE_PIXELS = Setting.ofInt(
            "prepare.max_image_pixels",
            16_777_216,
            1,
            1 << 26,
            "Pixels (width x height) above which a picture is rejected before it is decoded.");
    public static final Setting<Long> MAX_RECORD_BYTES = Setting.ofBytes(
            "prepare.max_record_bytes",
            16L << 20,
            "Length of a record's text in its index file above which it is rejected before it is read.");
    public static final Setting<Long> MAX_MEDIA_BYTES = Setting.ofBytes(
            "prepare.max_media_bytes",
            64L << 20,
            "Length of a medium other than a picture, such as a sound, above which it is rejected before it is read.");

    static final List<Setting<?>> ALL = List.of(
            WORLD,
            GENERATE_OUT,
            GENERATE_SEED,
            GENERATE_CLIENTS,
            GENERATE_TRAIN,
            GENERATE_VAL,
            GENERATE_TEST,
            GENERATE_BALANCED,
            GENERATE_SKEW,
            GENERATE_SIZE_SKEW,
            GENERATE_BRIGHTNESS,
            GENERATE_RECORD_FILES,
            SOURCE,
            FORMAT,
            FILES,
            COLUMNS,
            MEDIA_ROOT,
            DEFAULT_SPLIT,
            LECTURE,
            PREPARE_OUT,
            PREPARE_SEED,
            SPLIT,
            CLIENTS,
            SPLIT_COLUMN,
            CATEGORIES_PER_CLIENT,
            DIRICHLET_ALPHA,
            MIN_SAMPLES,
            MAX_REJECTS,
            MAX_IMAGE_PIXELS,
            MAX_RECORD_BYTES,
            MAX_MEDIA_BYTES);

    private DataKeys() {}
}
