package org.fednano.llm.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.fednano.llm.model.LlamaConfig.Biases;
import org.fednano.sample.PromptBatch;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;

/** A decoder of a few thousand random weights, and random prompts for it. */
public final class TinyDecoder {

    public static final LlamaConfig PLAIN = config(4, 4, new Rope.Unscaled(), Biases.NONE, 0, false);
    public static final LlamaConfig GROUPED_TIED = config(2, 4, new Rope.Unscaled(), Biases.NONE, 0, true);
    /** Qwen2: biases where queries, keys and values are made. */
    static final LlamaConfig INPUT_BIASES =
            config(2, 6, new Rope.Linear(2.5), new Biases(true, false, false), 0, false);
    /** LLaMA with attention_bias and mlp_bias, and Llama 3's rotary embedding. */
    static final LlamaConfig ALL_BIASES =
            config(4, 6, new Rope.Llama3(8, 1, 4, 64), new Biases(true, true, true), 0, true);
    /** Mistral: a token sees itself and two before it. */
    static final LlamaConfig WINDOW = config(1, 8, new Rope.Unscaled(), Biases.NONE, 3, false);

    private static LlamaConfig config(
            int keyValueHeads, int headWidth, Rope.Scaling scaling, Biases biases, int window, boolean tied) {
        return new LlamaConfig(
                16,
                24,
                2,
                4,
                keyValueHeads,
                headWidth,
                29,
                64,
                1e-6,
                new Rope(10000, scaling),
                biases,
                window,
                tied,
                Set.of(3),
                4);
    }

    /** One layer of any width that costs little beside its embeddings' way there and back. */
    public static LlamaConfig wide(int hidden, int positions) {
        return new LlamaConfig(
                hidden,
                16,
                1,
                2,
                2,
                8,
                64,
                positions,
                1e-6,
                new Rope(10000, new Rope.Unscaled()),
                Biases.NONE,
                0,
                true,
                Set.of(3),
                4);
    }

    private TinyDecoder() {}

    public static Map<String, FloatTensor> weights(LlamaConfig c, long seed) {
        Random random = new Random(seed);
        Map<String, FloatTensor> t = new LinkedHashMap<>();
        t.put("language_model.model.embed_tokens.weight", normal(random, 0.5, c.vocabulary(), c.hidden()));
        for (int layer = 0; layer < c.layers(); layer++) {
            String name = "language_model.model.layers." + layer + ".";
            int wide = c.heads() * c.headWidth();
            int narrow = c.keyValueHeads() * c.headWidth();
            t.put(name + "self_attn.q_proj.weight", normal(random, 0.4, wide, c.hidden()));
            t.put(name + "self_attn.k_proj.weight", normal(random, 0.4, narrow, c.hidden()));
            t.put(name + "self_attn.v_proj.weight", normal(random, 0.4, narrow, c.hidden()));
            t.put(name + "self_attn.o_proj.weight", normal(random, 0.4, c.hidden(), wide));
            t.put(name + "mlp.gate_proj.weight", normal(random, 0.4, c.intermediate(), c.hidden()));
            t.put(name + "mlp.up_proj.weight", normal(random, 0.4, c.intermediate(), c.hidden()));
            t.put(name + "mlp.down_proj.weight", normal(random, 0.4, c.hidden(), c.intermediate()));
            t.put(name + "input_layernorm.weight", normal(random, 1, c.hidden()));
            t.put(name + "post_attention_layernorm.weight", normal(random, 1, c.hidden()));
        }
        DecoderTensors.shapes(c).forEach((name, shape) -> {
            if (name.endsWith(".bias")) {
                t.put(name, normal(random, 0.5, (int) shape[0]));
            }
        });
        t.put("language_model.model.norm.weight", normal(random, 1, c.hidden()));
        if (!c.tied()) {
            t.put("language_model.lm_head.weight", normal(random, 0.5, c.vocabulary(), c.hidden()));
        }
        return t;
    }

    public static EmbeddedLlm llm(LlamaConfig c) {
        return new EmbeddedLlm("tiny", "none", c, TensorSource.of(weights(c, 1)));
    }

    static FloatTensor normal(Random random, double deviation, int... shape) {
        int size = 1;
        long[] longs = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            size *= shape[i];
            longs[i] = shape[i];
        }
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return new FloatTensor(values, longs);
    }

    /** Random prompts of given lengths, padded to {@code tokens}; padding holds zeros. */
    public static PromptBatch prompts(int hidden, int tokens, int... lengths) {
        float[] embeds = new float[lengths.length * tokens * hidden];
        for (int b = 0; b < lengths.length; b++) {
            // A sample's values depend on its length alone, so that it can be given in any batch.
            Random random = new Random(lengths[b]);
            for (int i = 0; i < lengths[b] * hidden; i++) {
                embeds[b * tokens * hidden + i] = (float) (0.5 * random.nextGaussian());
            }
        }
        return new PromptBatch(embeds, lengths, tokens, hidden);
    }

    /** Sample b as rows in double precision, without padding. */
    static double[][] rows(PromptBatch prompts, int b) {
        double[][] rows = new double[prompts.lengths()[b]][prompts.hidden()];
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < prompts.hidden(); i++) {
                rows[t][i] = prompts.embeds()[(b * prompts.tokens() + t) * prompts.hidden() + i];
            }
        }
        return rows;
    }
}
