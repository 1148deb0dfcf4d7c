package org.fednano.settings;

import java.util.List;

/** What clients train and how the server merges. */
public final class MethodKeys {

    public static final Setting<Integer> RANK = Setting.ofInt("adapter.rank", 8, 1, 4096, "Rank R of each NanoAdapter.")
            .pinned();
    public static final Setting<Double> ALPHA = Setting.ofDouble(
                    "adapter.alpha", 16, 1e-6, 1e6, "Scale: a NanoAdapter adds (alpha/R) x W_down W_up to its input.")
            .pinned();
    public static final Setting<String> MODALITIES = Setting.ofText(
                    "adapter.modalities",
                    "all",
                    "Which NanoAdapters are trained: all, or names separated by commas, such as image,text; the others stay the"
                            + " identity and are not uploaded.")
            .pinned();
    public static final Setting<Integer> EPOCHS = Setting.ofInt(
                    "local.epochs", 1, 1, 10_000, "Passes E over a client's training rows in a round.")
            .pinned();
    public static final Setting<Integer> BATCH = Setting.ofInt(
                    "local.batch_size", 8, 1, 4096, "Samples per local step.")
            .pinned();
    public static final Setting<String> OPTIMIZER = Setting.ofChoice(
                    "optimizer.name",
                    "adamw",
                    List.of("adamw", "sgd"),
                    "Local optimiser; its state is fresh each round.")
            .pinned();
    public static final Setting<Double> LEARNING_RATE = Setting.ofDouble(
                    "optimizer.learning_rate", 0.005, 0, 1e3, "Step size.")
            .pinned();
    public static final Setting<Double> BETA1 = Setting.ofDouble("optimizer.beta1", 0.9, 0, 1, "AdamW's first decay.")
            .pinned();
    public static final Setting<Double> BETA2 = Setting.ofDouble(
                    "optimizer.beta2", 0.999, 0, 1, "AdamW's second decay.")
            .pinned();
    public static final Setting<Double> EPSILON = Setting.ofDouble(
                    "optimizer.epsilon", 1e-8, 0, 1, "AdamW's denominator floor.")
            .pinned();
    public static final Setting<Double> WEIGHT_DECAY = Setting.ofDouble(
                    "optimizer.weight_decay", 0.0, 0, 1e3, "Decoupled for AdamW, added to the gradient for SGD.")
            .pinned();
    public static final Setting<Double> MOMENTUM =
            Setting.ofDouble("optimizer.momentum", 0.9, 0, 1, "SGD's momentum.").pinned();
    public static final Setting<Integer> FISHER_SAMPLES = Setting.ofInt(
                    "fisher.samples",
                    0,
                    0,
                    Integer.MAX_VALUE,
                    "Samples of the extra Fisher pass per client (a seeded draw); 0: all training rows.")
            .pinned();
    public static final Setting<Double> GRAD_SCALE = Setting.ofDouble(
                    "local.grad_scale",
                    1,
                    1,
                    1 << 24,
                    "Power of two by which the endpoint multiplies gradients, against underflow in low precision.")
            .pinned();
    public static final Setting<Double> MERGER_FLOOR = Setting.ofDouble(
                    "merger.floor",
                    1e-3,
                    0,
                    1e6,
                    "Lambda: every coordinate's Fisher weight gets this share of the mean coordinate, never an absolute epsilon.")
            .pinned();
    public static final Setting<String> MERGER_WEIGHTS = Setting.ofChoice(
                    "merger.weights",
                    "samples",
                    List.of("samples", "uniform", "capped", "geometric-median", "agreement"),
                    "Client weight w_k: its training rows n_k; 1; n_k, at most 1.5 medians; n_k by the distance to the geometric median of"
                            + " the updates; n_k by the cosine to the others' sum, which may silence a minority.")
            .pinned();
    public static final Setting<String> MERGER_SPACE = Setting.ofChoice(
                    "merger.space",
                    "auto",
                    List.of("auto", "factors", "product"),
                    "What is averaged: W_down and W_up apart, or their products; auto: as run.strategy says.")
            .pinned();
    public static final Setting<String> MERGER_REFACTOR = Setting.ofChoice(
                    "merger.refactor",
                    "auto",
                    List.of("auto", "keep", "balanced"),
                    "What the merge leaves: factors as they came out, or balanced ones of the same product; auto: as run.strategy says.")
            .pinned();
    public static final Setting<Double> MAX_UPDATE_NORM = Setting.ofDouble(
                    "merger.max_update_norm",
                    1e6,
                    0,
                    Double.MAX_VALUE,
                    "An update whose L2 norm is larger is rejected and counted, never merged.")
            .pinned();

    public static final Setting<Double> MAX_NORM_RATIO = Setting.ofDouble(
                    "merger.max_norm_ratio",
                    1000,
                    1,
                    Double.MAX_VALUE,
                    "An update whose L2 norm is more than so many times the median of its round's is rejected; needs three updates.")
            .pinned();
    public static final Setting<Double> MAX_UPLOAD_RATIO = Setting.ofDouble(
                    "merger.max_upload_ratio",
                    1e6,
                    1,
                    Double.MAX_VALUE,
                    "The same for the mean size of what a method uploads beside the adapter, such as the Fisher; clients differ more in it.")
            .pinned();
    public static final Setting<Double> MIN_COSINE = Setting.ofDouble(
                    "merger.min_cosine",
                    -0.25,
                    -1,
                    0,
                    "An update whose cosine with the sum of the others' is smaller is rejected; needs five updates of which three quarters"
                            + " agree. -1: no bound.")
            .pinned();
    public static final Setting<Double> MAX_SHARE = Setting.ofDouble(
                    "merger.max_share",
                    1,
                    0,
                    1,
                    "Share of the merge weight that one client may have; who has more is weighed down to it. 1: no bound.")
            .pinned();
    public static final Setting<Integer> CLAMP = Setting.ofInt(
                    "merger.clamp",
                    -1,
                    -1,
                    1_000_000,
                    "k: each merged value is held within the merged clients' values for it without the k lowest and the k highest, so that k"
                            + " liars can't carry it away; needs 2k + 1 merged clients. 0: off. -1: 1 where ten clients or more are merged"
                            + " by a strategy that can be held, else 0.")
            .pinned();

    static final List<Setting<?>> ALL = List.of(
            RANK,
            ALPHA,
            MODALITIES,
            EPOCHS,
            BATCH,
            OPTIMIZER,
            LEARNING_RATE,
            BETA1,
            BETA2,
            EPSILON,
            WEIGHT_DECAY,
            MOMENTUM,
            FISHER_SAMPLES,
            GRAD_SCALE,
            MERGER_FLOOR,
            MERGER_WEIGHTS,
            MERGER_SPACE,
            MERGER_REFACTOR,
            MAX_UPDATE_NORM,
            MAX_NORM_RATIO,
            MAX_UPLOAD_RATIO,
            MIN_COSINE,
            MAX_SHARE,
            CLAMP);

    private MethodKeys() {}
}
