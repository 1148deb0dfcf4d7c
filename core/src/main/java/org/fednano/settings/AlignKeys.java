package org.fednano.settings;

import java.util.List;

/** Making the connector between an encoder and an LLM, both frozen. */
public final class AlignKeys {

    public static final Setting<String> SHARDS = Setting.ofLocation(
            "align.shards", "work/align-shards", "Shards whose answers describe their pictures, or other media.");
    public static final Setting<List<String>> CLIENTS =
            Setting.ofList("align.clients", List.of(), "Clients of those shards whose rows are used; empty: all.");
    public static final Setting<String> ENCODER = Setting.ofText(
            "align.encoder",
            "work/encoder",
            "Folder with encoder.json, encoder.pt and, for pictures, preprocessor_config.json; a connector in it is not read.");
    public static final Setting<String> MODALITY = Setting.ofText(
            "align.modality", "image", "Modality of the media that the encoder reads, as in model.encoders.");
    public static final Setting<String> OUT = Setting.ofText(
            "align.out",
            "work/aligned-encoder",
            "Encoder folder to create for model.encoders; OUT.state beside it holds what a stopped call goes on from.");
    public static final Setting<String> CONNECTOR = Setting.ofChoice(
            "align.connector", "linear", List.of("linear", "mlp"), "One linear layer, or two with gelu between.");
    public static final Setting<Integer> INNER =
            Setting.ofInt("align.inner", 0, 0, 1 << 20, "Width between the two layers (mlp). 0: H of the LLM.");
    public static final Setting<String> START = Setting.ofChoice(
            "align.start",
            "ridge",
            List.of("ridge", "random"),
            "How the last layer begins: by ridge regression from features to the mean text embeddings of the answers, or at"
                    + " random.");
    public static final Setting<Double> RIDGE =
            Setting.ofDouble("align.ridge", 1, 1e-9, 1e9, "Penalty of that regression, per row.");
    public static final Setting<Integer> STEPS =
            Setting.ofInt("align.steps", 500, 0, Integer.MAX_VALUE, "Optimiser steps in all. 0: the start alone.");
    public static final Setting<Integer> BATCH = Setting.ofInt("align.batch_size", 24, 1, 4096, "Samples per step.");
    public static final Setting<Double> LEARNING_RATE =
            Setting.ofDouble("align.learning_rate", 0.001, 0, 10, "Peak step size of AdamW.");
    public static final Setting<Double> WARMUP = Setting.ofDouble(
            "align.warmup",
            0.03,
            0,
            1,
            "Share of the steps in which the step size rises; then it falls as a cosine to 0.");
    public static final Setting<Double> WEIGHT_DECAY =
            Setting.ofDouble("align.weight_decay", 0, 0, 10, "Decoupled weight decay of AdamW.");
    public static final Setting<Double> MAX_NORM = Setting.ofDouble(
            "align.max_norm", 1, 1e-6, 1e9, "Norm of a step's gradient above which it is scaled down to it.");
    public static final Setting<Double> VALIDATION = Setting.ofDouble(
            "align.validation",
            0.1,
            0,
            0.9,
            "Share of the training rows that is held out where no client has rows in split=val; rows with the same picture"
                    + " stay together.");
    public static final Setting<Integer> VALIDATION_SAMPLES = Setting.ofInt(
            "align.validation_samples", 256, 1, 1 << 20, "Samples that the validation loss is taken over, at most.");
    public static final Setting<Integer> CHECK_EVERY = Setting.ofInt(
            "align.check_every", 50, 1, Integer.MAX_VALUE, "Steps between validations; each also keeps a checkpoint.");
    public static final Setting<Integer> PATIENCE = Setting.ofInt(
            "align.patience",
            4,
            0,
            1 << 20,
            "Validations in a row without a lower loss after which the training ends. 0: it never ends early.");
    public static final Setting<Long> SEED =
            Setting.ofLong("align.seed", 1, "Random start, held-out rows and the order of samples.");

    static final List<Setting<?>> ALL = List.of(
            SHARDS,
            CLIENTS,
            ENCODER,
            MODALITY,
            OUT,
            CONNECTOR,
            INNER,
            START,
            RIDGE,
            STEPS,
            BATCH,
            LEARNING_RATE,
            WARMUP,
            WEIGHT_DECAY,
            MAX_NORM,
            VALIDATION,
            VALIDATION_SAMPLES,
            CHECK_EVERY,
            PATIENCE,
            SEED);

    private AlignKeys() {}
}
