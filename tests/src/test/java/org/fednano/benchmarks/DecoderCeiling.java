package org.fednano.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.Rope;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;

/**
 * How much of the machine's matrix products reaches the gradient: loss and gradient of a random decoder of some 100 million
 * parameters at T = 512 in float32, against a bare product of two 2048 x 2048 matrices by the same engine, in turns.
 *
 * <p>Counted are the products that are executed: the linear layers forward and back to their inputs (frozen weights
 * have no gradient), attention scores and sums forward and twice that back (in full, though the causal mask
 * throws half of them away), the output layer on answer tokens only. Norms,
 * softmax, rotation, masks and copies count nothing, so 100 % cannot be reached.
 *
 * <p>Arguments: {@code batch=1 tokens=512 layers=12 hidden=768 intermediate=2048 vocabulary=16000 pairs=21}.
 */
public final class DecoderCeiling {

    private static final int SIDE = 2048;
    private static final int ANSWER = 8;
    private static final int WARM_UP = 6;

    private DecoderCeiling() {}

    public static void main(String[] args) {
        Map<String, Integer> options = Bench.numbers(
                args,
                Map.of(
                        "batch",
                        1,
                        "tokens",
                        512,
                        "layers",
                        12,
                        "hidden",
                        768,
                        "intermediate",
                        2048,
                        "vocabulary",
                        16000,
                        "pairs",
                        21));
        int hidden = options.get("hidden");
        LlamaConfig config = new LlamaConfig(
                hidden,
                options.get("intermediate"),
                options.get("layers"),
                hidden / 64,
                hidden / 64,
                64,
                options.get("vocabulary"),
                4096,
                1e-5,
                new Rope(10000, new Rope.Unscaled()),
                LlamaConfig.Biases.NONE,
                0,
                false,
                Set.of(2),
                -1);
        run(config, options.get("batch"), options.get("tokens"), options.get("pairs"));
    }

    private static void run(LlamaConfig config, int size, int tokens, int pairs) {
        SplittableRandom random = new SplittableRandom(1);
        Map<String, FloatTensor> weights = weights(config, random);
        long parameters =
                weights.values().stream().mapToLong(t -> t.values().length).sum();
        PromptBatch prompts = prompts(config, size, tokens - ANSWER + 1, random);
        TokenBatch answers = answers(config, size, random);
        try (EmbeddedLlm llm = new EmbeddedLlm("random", "none", config, TensorSource.of(weights));
                NDManager manager = NDManager.newBaseManager()) {
            weights.clear();
            NDArray a = manager.randomNormal(new Shape(SIDE, SIDE));
            NDArray b = manager.randomNormal(new Shape(SIDE, SIDE));
            double work = gigaflop(config, size, tokens);
            System.out.printf(
                    Locale.ROOT,
                    "%.1f M parameters, B = %d, T = %d: %.1f GFLOP a call; %s threads%n",
                    parameters / 1e6,
                    size,
                    tokens,
                    work,
                    System.getProperty("ai.djl.pytorch.num_threads", "all"));
            products(a, b);
            for (int i = 0; i < WARM_UP; i++) {
                gradient(llm, prompts, answers);
            }
            List<Double> shares = new ArrayList<>();
            for (int pair = 0; pair < pairs; pair++) {
                double ceiling = products(a, b);
                double seconds = gradient(llm, prompts, answers);
                double after = products(a, b);
                double share = work / seconds / ((ceiling + after) / 2);
                shares.add(share);
                System.out.printf(
                        Locale.ROOT,
                        "product %.0f and %.0f GFLOP/s, gradient %.0f GFLOP/s in %.2f s: %.1f %%%n",
                        ceiling,
                        after,
                        work / seconds,
                        seconds,
                        100 * share);
            }
            System.out.printf(
                    Locale.ROOT,
                    "share of the ceiling: median %.1f %%, from %.1f %% to %.1f %%%n",
                    100 * Bench.median(shares),
                    100 * shares.stream().mapToDouble(s -> s).min().orElse(0),
                    100 * shares.stream().mapToDouble(s -> s).max().orElse(0));
        }
    }

    /** Products of one call, in 10^9 operations; a multiplication and an addition are two. */
    private static double gigaflop(LlamaConfig c, int size, int tokens) {
        double rows = (double) size * tokens;
        double places = (double) size * ANSWER; // all that the last layer asks from
        double square = (double) c.hidden() * c.hidden();
        double mlp = 3.0 * c.hidden() * c.intermediate();
        double linear = (c.layers() - 1) * rows * (4 * square + mlp) + rows * 2 * square + places * (2 * square + mlp);
        double output = places * c.hidden() * c.vocabulary();
        double attention = 2.0 * tokens * c.hidden() * ((c.layers() - 1) * rows + places);
        return 2 * (2 * linear + 2 * output + 3 * attention) / 1e9;
    }

    /** GFLOP/s of a few products. */
    private static double products(NDArray a, NDArray b) {
        int times = 8;
        long begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            try (NDArray c = a.matMul(b)) {
                c.getFloat(0, 0);
            }
        }
        return times * 2.0 * SIDE * SIDE * SIDE / (System.nanoTime() - begin);
    }

    /** Seconds of one call. */
    private static double gradient(EmbeddedLlm llm, PromptBatch prompts, TokenBatch answers) {
        long begin = System.nanoTime();
        llm.lossGradient(prompts, answers, 1);
        return (System.nanoTime() - begin) / 1e9;
    }

    private static PromptBatch prompts(LlamaConfig c, int size, int tokens, SplittableRandom random) {
        float[] embeds = normal(random, 0.02, size * tokens * c.hidden());
        int[] lengths = new int[size];
        Arrays.fill(lengths, tokens);
        return new PromptBatch(embeds, lengths, tokens, c.hidden());
    }

    private static TokenBatch answers(LlamaConfig c, int size, SplittableRandom random) {
        return new TokenBatch(
                random.ints((long) size * ANSWER, 3, c.vocabulary()).toArray(), ANSWER);
    }

    private static Map<String, FloatTensor> weights(LlamaConfig c, SplittableRandom random) {
        Map<String, FloatTensor> t = new LinkedHashMap<>();
        int h = c.hidden();
        t.put("language_model.model.embed_tokens.weight", matrix(random, c.vocabulary(), h));
        for (int layer = 0; layer < c.layers(); layer++) {
            String name = "language_model.model.layers." + layer + ".";
            for (String projection : List.of("q", "k", "v", "o")) {
                t.put(name + "self_attn." + projection + "_proj.weight", matrix(random, h, h));
            }
            t.put(name + "mlp.gate_proj.weight", matrix(random, c.intermediate(), h));
            t.put(name + "mlp.up_proj.weight", matrix(random, c.intermediate(), h));
            t.put(name + "mlp.down_proj.weight", matrix(random, h, c.intermediate()));
            t.put(name + "input_layernorm.weight", ones(h));
            t.put(name + "post_attention_layernorm.weight", ones(h));
        }
        t.put("language_model.model.norm.weight", ones(h));
        t.put("language_model.lm_head.weight", matrix(random, c.vocabulary(), h));
        return t;
    }

    private static FloatTensor matrix(SplittableRandom random, int rows, int columns) {
        return new FloatTensor(normal(random, 0.02, rows * columns), rows, columns);
    }

    private static FloatTensor ones(int length) {
        float[] values = new float[length];
        Arrays.fill(values, 1);
        return new FloatTensor(values, length);
    }

    /** Nearly normal numbers: the sum of four uniform ones. */
    private static float[] normal(SplittableRandom random, double deviation, int count) {
        float[] values = new float[count];
        double scale = deviation * Math.sqrt(3);
        for (int i = 0; i < count; i++) {
            values[i] = (float) (scale
                    * (random.nextDouble() + random.nextDouble() + random.nextDouble() + random.nextDouble() - 2));
        }
        return values;
    }
}
