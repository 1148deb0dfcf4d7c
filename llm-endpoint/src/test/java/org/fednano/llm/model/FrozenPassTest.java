package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.tensor.NamedTensors;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The written-out backward pass against the engine's own differentiation of the trainable decoder, sample by sample. */
class FrozenPassTest {

    private static final int[] LENGTHS = {9, 4, 7};
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {5, 8, 3}, new int[] {7}, new int[] {11, 2, 6, 1, 3}));

    static Stream<LlamaConfig> configs() {
        return Stream.of(
                TinyDecoder.PLAIN,
                TinyDecoder.GROUPED_TIED,
                TinyDecoder.INPUT_BIASES,
                TinyDecoder.ALL_BIASES,
                TinyDecoder.WINDOW);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void gradientIsThatOfTheEngine(LlamaConfig config) {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        try (EmbeddedLlm llm = TinyDecoder.llm(config);
                NamedTensors weights = new NamedTensors(TensorSource.of(TinyDecoder.weights(config, 1)))) {
            Result found = llm.lossGradient(prompts, ANSWERS, 4);
            LlamaDecoder decoder = new LlamaDecoder(config, weights);
            for (int b = 0; b < LENGTHS.length; b++) {
                int answer = ANSWERS.count(b);
                float[] inputs = new float[(LENGTHS[b] + answer - 1) * 16];
                System.arraycopy(prompts.embeds(), b * 9 * 16, inputs, 0, LENGTHS[b] * 16);
                int[] ids = Arrays.copyOfRange(ANSWERS.ids(), b * ANSWERS.length(), b * ANSWERS.length() + answer - 1);
                float[] rows = llm.embed(ids);
                System.arraycopy(rows, 0, inputs, LENGTHS[b] * 16, rows.length);
                float[] expected = gradient(decoder, inputs, b);
                float[] own = new float[LENGTHS[b] * 16];
                System.arraycopy(found.gradient(), b * 9 * 16, own, 0, own.length);
                float most = 0;
                for (float value : expected) {
                    most = Math.max(most, Math.abs(value));
                }
                assertTrue(most > 0.01, "nothing to compare");
                assertArrayEquals(expected, own, 1e-5f * most, "sample " + b);
            }
        }
    }

    /** 4 times the gradient of the mean loss of sample b's answer, with respect to its prompt. */
    private static float[] gradient(LlamaDecoder decoder, float[] inputs, int b) {
        int count = ANSWERS.count(b);
        long[] targets = new long[count];
        for (int i = 0; i < count; i++) {
            targets[i] = ANSWERS.ids()[b * ANSWERS.length() + i];
        }
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray x = manager.create(inputs, new Shape(1, inputs.length / 16, 16));
            x.setRequiresGradient(true);
            NDArray hidden = decoder.forward(x).get(new NDIndex("0, {}:", LENGTHS[b] - 1));
            NDArray picked =
                    decoder.logits(hidden).logSoftmax(-1).gather(manager.create(targets, new Shape(count, 1)), 1);
            collector.backward(
                    picked.mul(manager.full(new Shape(1), -4f / count)).sum());
            float[] all = x.getGradient().toFloatArray();
            return Arrays.copyOf(all, LENGTHS[b] * 16);
        }
    }
}
