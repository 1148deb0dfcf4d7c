package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmException;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EmbeddedLlmTest {

    private static final int[] LENGTHS = {5, 9, 7, 1};
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {8, 3}, new int[] {3}, new int[] {11, 12, 5, 3}, new int[] {20, 3}));

    static List<LlamaConfig> configs() {
        return List.of(
                TinyDecoder.PLAIN,
                TinyDecoder.GROUPED_TIED,
                TinyDecoder.INPUT_BIASES,
                TinyDecoder.ALL_BIASES,
                TinyDecoder.WINDOW);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void lossIsThatOfTheNaiveDecoder(LlamaConfig config) {
        PromptBatch prompts = TinyDecoder.prompts(config.hidden(), 9, LENGTHS);
        NaiveDecoder naive = new NaiveDecoder(config, TinyDecoder.weights(config, 1));
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            Result gradient = llm.lossGradient(prompts, ANSWERS, 1);
            Result plain = llm.loss(prompts, ANSWERS);
            for (int b = 0; b < LENGTHS.length; b++) {
                double expected = naive.loss(TinyDecoder.rows(prompts, b), answer(b));
                assertEquals(expected, plain.loss()[b], 1e-5 * (1 + expected));
                assertEquals(expected, gradient.loss()[b], 1e-5 * (1 + expected));
                assertEquals(answer(b).length, plain.answerTokens()[b]);
            }
            assertEquals(0, plain.gradient().length);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void gradientIsThatOfFiniteDifferences(LlamaConfig config) {
        PromptBatch prompts = TinyDecoder.prompts(config.hidden(), 9, LENGTHS);
        NaiveDecoder naive = new NaiveDecoder(config, TinyDecoder.weights(config, 1));
        float scale = 4;
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            float[] gradient = llm.lossGradient(prompts, ANSWERS, scale).gradient();
            for (int b = 0; b < LENGTHS.length; b++) {
                double[][] rows = TinyDecoder.rows(prompts, b);
                for (int t = 0; t < rows.length; t++) {
                    int i = (3 * t + b) % config.hidden();
                    double step = 1e-4;
                    double kept = rows[t][i];
                    rows[t][i] = kept + step;
                    double up = naive.loss(rows, answer(b));
                    rows[t][i] = kept - step;
                    double down = naive.loss(rows, answer(b));
                    rows[t][i] = kept;
                    double expected = scale * (up - down) / (2 * step);
                    assertEquals(
                            expected, gradient[(b * 9 + t) * config.hidden() + i], 2e-4 * (1 + Math.abs(expected)));
                }
            }
        }
    }

    @Test
    void paddingAndBatchMatesChangeNothingButRounding() {
        LlamaConfig config = TinyDecoder.PLAIN;
        int h = config.hidden();
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            Result together = llm.lossGradient(TinyDecoder.prompts(h, 14, LENGTHS), ANSWERS, 1);
            for (int b = 0; b < LENGTHS.length; b++) {
                PromptBatch alone = TinyDecoder.prompts(h, LENGTHS[b], LENGTHS[b]);
                Result single = llm.lossGradient(alone, TokenBatch.of(List.of(answer(b))), 1);
                assertEquals(single.loss()[0], together.loss()[b], 1e-5);
                for (int i = 0; i < 14 * h; i++) {
                    float expected = i < LENGTHS[b] * h ? single.gradient()[i] : 0;
                    assertEquals(expected, together.gradient()[b * 14 * h + i], i < LENGTHS[b] * h ? 1e-5 : 0);
                }
            }
        }
    }

    @Test
    void theSameCallGivesTheSameBytesFromAnyThread() throws Exception {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            Result first = llm.lossGradient(prompts, ANSWERS, 1);
            List<Future<Result>> results = new ArrayList<>();
            Callable<Result> call = () -> llm.lossGradient(prompts, ANSWERS, 1);
            for (int i = 0; i < 12; i++) {
                results.add(threads.submit(call));
            }
            for (Future<Result> result : results) {
                assertArrayEquals(first.gradient(), result.get().gradient());
                assertArrayEquals(first.loss(), result.get().loss());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void scoresAreLossesOfEachChoiceAlone(LlamaConfig config) {
        PromptBatch prompts = TinyDecoder.prompts(config.hidden(), 9, LENGTHS);
        int[][][] choices = {
            {{8, 3}, {9, 3}, {10, 11, 3}}, {{3}}, {{11, 12, 5, 3}, {6, 3}}, {{20, 3}, {21, 3}, {22, 23, 3}, {3}}
        };
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            Scores scores = llm.score(prompts, choices);
            NaiveDecoder naive = new NaiveDecoder(config, TinyDecoder.weights(config, 1));
            for (int b = 0; b < choices.length; b++) {
                for (int c = 0; c < choices[b].length; c++) {
                    int tokens = choices[b][c].length;
                    assertEquals(tokens, scores.tokens()[b][c]);
                    double expected = -tokens * naive.loss(TinyDecoder.rows(prompts, b), choices[b][c]);
                    assertEquals(expected, scores.logLikelihood()[b][c], 1e-4);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void generationFollowsTheLikeliestTokenWithoutACache(LlamaConfig config) {
        PromptBatch prompts = TinyDecoder.prompts(config.hidden(), 9, LENGTHS);
        NaiveDecoder naive = new NaiveDecoder(config, TinyDecoder.weights(config, 1));
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            int[][] generated = llm.generate(prompts, 6);
            for (int b = 0; b < LENGTHS.length; b++) {
                assertArrayEquals(rollout(naive, config, TinyDecoder.rows(prompts, b), 6), generated[b]);
            }
            assertArrayEquals(new int[0], llm.generate(prompts, 0)[0]);
        }
    }

    private static int[] rollout(NaiveDecoder naive, LlamaConfig config, double[][] prompt, int maxNew) {
        List<Integer> ids = new ArrayList<>();
        double[][] x = prompt;
        while (ids.size() < maxNew) {
            double[] row = naive.logits(x)[x.length - 1];
            int best = 0;
            for (int id = 1; id < row.length; id++) {
                if (row[id] > row[best] && id != config.imageToken()) {
                    best = id;
                }
            }
            if (config.endTokens().contains(best)) {
                break;
            }
            ids.add(best);
            x = Arrays.copyOf(x, x.length + 1);
            x[x.length - 1] = naive.embedding(best);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void embeddingRowsAreTheTables() {
        LlamaConfig config = TinyDecoder.PLAIN;
        float[] table = TinyDecoder.weights(config, 1)
                .get("language_model.model.embed_tokens.weight")
                .values();
        try (EmbeddedLlm llm = TinyDecoder.llm(config)) {
            float[] rows = llm.embed(new int[] {28, 0, 28});
            assertArrayEquals(Arrays.copyOfRange(table, 28 * 16, 29 * 16), Arrays.copyOf(rows, 16));
            assertArrayEquals(Arrays.copyOf(table, 16), Arrays.copyOfRange(rows, 16, 32));
            assertEquals(48, rows.length);
        }
    }

    @Test
    void nativeMemoryIsFreedAfterEachCall() {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            llm.lossGradient(prompts, ANSWERS, 1);
            int before = llm.nativeArrays();
            for (int i = 0; i < 3; i++) {
                llm.lossGradient(prompts, ANSWERS, 1);
                llm.loss(prompts, ANSWERS);
                llm.score(prompts, new int[][][] {{{3}}, {{3}}, {{3}}, {{3}}});
                llm.generate(prompts, 3);
            }
            assertEquals(before, llm.nativeArrays());
            int layers = TinyDecoder.PLAIN.layers();
            int tensors = 1 + layers * 6 + 3; // table, layers with stacked weights, norm, its epsilon and output
            int views = layers * 8 + 1; // two parts of a stack, and each matrix transposed
            assertEquals(tensors + views, before);
        }
    }

    @Test
    void wrongRequestsSayTheRuleAndTheValue() {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            refused("vocabulary", () -> llm.embed(new int[] {29}));
            refused(
                    "vocabulary",
                    () -> llm.loss(
                            prompts,
                            TokenBatch.of(List.of(new int[] {29, 3}, new int[] {3}, new int[] {3}, new int[] {3}))));
            refused("have an answer", () -> llm.loss(prompts, TokenBatch.of(List.of(new int[] {3}))));
            refused("width H", () -> llm.loss(TinyDecoder.prompts(8, 9, LENGTHS), ANSWERS));
            refused("max_position", () -> llm.generate(prompts, 60));
            refused("grad_scale", () -> llm.lossGradient(prompts, ANSWERS, 0));
            PromptBatch broken = TinyDecoder.prompts(16, 9, LENGTHS);
            broken.embeds()[(9 + 2) * 16] = Float.NaN;
            refused("sample 1, token 2", () -> llm.loss(broken, ANSWERS));
        }
    }

    private static void refused(String rule, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(LlmException.class, call).getMessage();
        assertTrue(message.contains(rule), message);
    }

    @Test
    void weightsOfAnotherShapeAreRefusedWhenLoading() {
        Map<String, FloatTensor> wrong = new TreeMap<>(TinyDecoder.weights(TinyDecoder.PLAIN, 1));
        wrong.put("language_model.model.layers.1.mlp.up_proj.weight", new FloatTensor(new float[6], 2, 3));
        JobException e = assertThrows(
                JobException.class, () -> new EmbeddedLlm("tiny", "none", TinyDecoder.PLAIN, TensorSource.of(wrong)));
        assertTrue(e.getMessage().contains("up_proj") && e.getMessage().contains("[2, 3]"), e.getMessage());
    }

    @Test
    void moreTensorsThanTheConfigHasAreRefused() {
        Map<String, FloatTensor> more = new TreeMap<>(TinyDecoder.weights(TinyDecoder.INPUT_BIASES, 1));
        LlamaConfig c = TinyDecoder.INPUT_BIASES;
        LlamaConfig without = new LlamaConfig(
                c.hidden(),
                c.intermediate(),
                c.layers(),
                c.heads(),
                c.keyValueHeads(),
                c.headWidth(),
                c.vocabulary(),
                c.maxPositions(),
                c.epsilon(),
                c.rope(),
                LlamaConfig.Biases.NONE,
                0,
                false,
                c.endTokens(),
                4);
        JobException e =
                assertThrows(JobException.class, () -> new EmbeddedLlm("tiny", "none", without, TensorSource.of(more)));
        assertTrue(e.getMessage().contains("k_proj.bias"), e.getMessage());
        more.put("language_model.model.layers.0.self_attn.rotary_emb.inv_freq", new FloatTensor(new float[3], 3));
        new EmbeddedLlm("tiny", "none", c, TensorSource.of(more)).close();
    }

    private static int[] answer(int b) {
        int from = b * ANSWERS.length();
        return Arrays.copyOfRange(ANSWERS.ids(), from, from + ANSWERS.count(b));
    }
}
