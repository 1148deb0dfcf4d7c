package org.fednano.settings;

import java.util.List;

/** Making the small pretrained model again. */
public final class PretrainKeys {

    public static final Setting<String> OUT =
            Setting.ofText("pretrain.out", "work/nano-llava", "Model folder to create.");
    public static final Setting<String> SHARDS =
            Setting.ofLocation("pretrain.shards", "work/base-shards", "Shards of the base world to train on.");
    public static final Setting<Long> SEED = Setting.ofLong("pretrain.seed", 1, "Initial weights and batch order.");
    public static final Setting<Integer> SAMPLES = Setting.ofInt(
            "pretrain.samples",
            600_000,
            1,
            Integer.MAX_VALUE,
            "Samples to train on in all, over as many epochs as it takes.");
    public static final Setting<Integer> BATCH = Setting.ofInt("pretrain.batch_size", 32, 1, 4096, "Samples per step.");
    public static final Setting<Double> LEARNING_RATE =
            Setting.ofDouble("pretrain.learning_rate", 0.001, 0, 10, "Peak step size of AdamW.");
    public static final Setting<Double> QUESTION_WEIGHT = Setting.ofDouble(
            "pretrain.question_weight",
            0.3,
            0,
            10,
            "Weight of the loss on the question's own tokens beside that on the answer: what is asked about is in the picture.");

    public static final Setting<Integer> CYCLES = Setting.ofInt(
            "pretrain.cycles",
            2,
            1,
            100,
            "Parts of equal length in which the step size rises and falls again; what a cycle learnt late, the next builds on.");

    static final List<Setting<?>> ALL =
            List.of(OUT, SHARDS, SEED, SAMPLES, BATCH, LEARNING_RATE, QUESTION_WEIGHT, CYCLES);

    private PretrainKeys() {}
}
