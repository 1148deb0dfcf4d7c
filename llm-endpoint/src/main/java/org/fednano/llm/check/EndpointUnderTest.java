package org.fednano.llm.check;

import java.util.Arrays;
import java.util.Random;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.NumericProbe;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * The endpoint under test with questions for it: short prompts made of rows of its own embedding table.
 *
 * @param probe for single requests, right or wrong
 * @param llm for calls
 * @param info its own words
 * @param type D
 * @param prompts (3, T, H), lengths 7, 4 and 2
 * @param answers (3, L), one to three tokens
 */
record EndpointUnderTest(
        EndpointProbe probe, OipLlm llm, LlmInfo info, WireType type, PromptBatch prompts, TokenBatch answers) {

    private static final long SEED = 11;

    static EndpointUnderTest of(EndpointProbe probe, OipLlm llm) {
        LlmInfo info = llm.info();
        Random random = new Random(SEED);
        PromptBatch prompts = prompts(llm, random, 7, 4, 2);
        TokenBatch answers =
                TokenBatch.of(Arrays.asList(ids(info, random, 3), ids(info, random, 1), ids(info, random, 2)));
        return new EndpointUnderTest(probe, llm, info, llm.wireType(), prompts, answers);
    }

    /** Prompts of these lengths, padded to the longest. */
    static PromptBatch prompts(OipLlm llm, Random random, int... lengths) {
        int hidden = llm.info().hidden();
        int tokens = Arrays.stream(lengths).max().orElse(1);
        float[] embeds = new float[lengths.length * tokens * hidden];
        for (int b = 0; b < lengths.length; b++) {
            float[] rows = llm.embed(ids(llm.info(), random, lengths[b]));
            System.arraycopy(rows, 0, embeds, b * tokens * hidden, rows.length);
        }
        return new PromptBatch(embeds, lengths, tokens, hidden);
    }

    /** Ids from the probe, which are plain tokens; others of the vocabulary may stand for something special. */
    static int[] ids(LlmInfo info, Random random, int count) {
        int[] known = known(info);
        return random.ints(count, 0, known.length).map(i -> known[i]).toArray();
    }

    static int[] known(LlmInfo info) {
        int[] prompt = info.probe().prompt();
        int[] answer = info.probe().answer();
        int[] all = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, all, prompt.length, answer.length);
        return all;
    }

    /**
     * How far two losses or scores of the same question may be apart, |difference| / |value|: rounding of sums in another
     * order, with room. One rounding is 6e-8, 5e-4 and 4e-3 of a value. Both questions hold the same values of D.
     */
    double tolerance() {
        return switch (info.dtype()) {
            case "FP32" -> 1e-4;
            case "FP16" -> 2e-2;
            default -> 5e-2;
        };
    }

    /** The same for gradients, which G rounds once more: in BF16 two neighbours are up to 8e-3 apart. */
    double gradientTolerance() {
        return Math.max(tolerance(), type.ofGradients() == WireType.FP32 ? 0 : 1e-2);
    }

    static double distance(float[] found, float[] expected) {
        return found.length == expected.length
                ? NumericProbe.distance(doubles(found), doubles(expected))
                : Double.POSITIVE_INFINITY;
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
