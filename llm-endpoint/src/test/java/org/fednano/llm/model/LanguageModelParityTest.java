package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.tensor.NamedTensors;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Language models alone, as transformers 4.57.3 saved them, against what it computes ({@code
 * src/test/python/make_llm_parity.py}): a sliding window that prompts exceed, biases everywhere, both generations of rotary
 * configs, a tied table, shards, float32, bfloat16 and float16, one end token, several, none.
 */
class LanguageModelParityTest {

    private static final Path FOLDER = Path.of("src", "test", "resources", "parity");

    @ParameterizedTest
    @ValueSource(strings = {"mistral-window", "llama-biases", "qwen2-tied"})
    void logitsLossGradientAndTokensAgree(String name) throws IOException {
        HfModelFolder folder = HfModelFolder.open(FOLDER.resolve(name));
        JsonNode expected =
                new ObjectMapper().readTree(Files.readString(folder.folder().resolve("expected.json")));
        float[] prompt = floats(expected.get("prompt"));
        int[] answer = ints(expected.get("answer"));
        try (EmbeddedLlm llm = EmbeddedLlm.open(folder)) {
            int hidden = llm.info().hidden();
            int tokens = prompt.length / hidden;
            PromptBatch prompts = new PromptBatch(prompt, new int[] {tokens}, tokens, hidden);
            near(floats(expected.get("logits")), logits(folder, llm, prompt, answer), 1e-4);
            Result result = llm.lossGradient(prompts, TokenBatch.of(List.of(answer)), 1);
            double loss = expected.get("loss").doubleValue();
            assertEquals(loss, result.loss()[0], 1e-5 * loss);
            near(floats(expected.get("gradient")), result.gradient(), 1e-4);
            // Choices have a mask of their own: the answer beside another one.
            double likelihood =
                    llm.score(prompts, new int[][][] {{{5, 6}, answer}}).logLikelihood()[0][1];
            assertEquals(-loss * answer.length, likelihood, 1e-5 * loss * answer.length);
            assertArrayEquals(
                    ints(expected.get("generated")),
                    llm.generate(prompts, expected.get("new_tokens").intValue())[0]);
        }
    }

    private static float[] logits(HfModelFolder folder, EmbeddedLlm llm, float[] prompt, int[] answer) {
        LlamaConfig config = llm.config();
        float[] behind = llm.embed(Arrays.copyOf(answer, answer.length - 1));
        float[] all = Arrays.copyOf(prompt, prompt.length + behind.length);
        System.arraycopy(behind, 0, all, prompt.length, behind.length);
        // Not stacked, as pretraining computes it.
        try (NamedTensors weights = new NamedTensors(folder.only(LlamaDecoder.PREFIX));
                NDManager manager = weights.manager().newSubManager()) {
            LlamaDecoder decoder = new LlamaDecoder(config, weights);
            NDArray x = manager.create(all, new Shape(1, all.length / config.hidden(), config.hidden()));
            return decoder.logits(decoder.forward(x)).toFloatArray();
        }
    }

    /** Within a tolerance relative to the largest value. */
    private static void near(float[] expected, float[] found, double tolerance) {
        assertEquals(expected.length, found.length);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(expected[i] - found[i]));
        }
        assertTrue(worst <= tolerance * largest, "relative error " + worst / largest);
    }

    private static float[] floats(JsonNode rows) {
        List<Float> values = new ArrayList<>();
        rows.forEach(row -> row.forEach(value -> values.add(value.floatValue())));
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return array;
    }

    private static int[] ints(JsonNode ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
