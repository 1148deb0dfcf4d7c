package org.fednano.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.algorithm.LossGradient.CodedResult;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.testing.TinyModel;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joined or not, a client gets the same answers: on a real decoder, tiny and untrained. */
class BatchingTest {

    private static final double TOLERANCE = 1e-5;

    @TempDir
    static Path folder;

    private static FrozenLlm llm;
    private static int hidden;
    private static int vocabulary;

    @BeforeAll
    static void load() throws IOException {
        llm = EmbeddedLlm.open(HfModelFolder.open(TinyModel.write(folder.resolve("model"), 5)));
        hidden = llm.info().hidden();
        vocabulary = llm.info().vocabulary();
    }

    @AfterAll
    static void unload() {
        llm.close();
    }

    private static Gateway gateway(boolean batching, int maxTokens) {
        Gateway gateway = new Gateway(
                llm,
                new GatewayOptions(
                        Duration.ofMinutes(5), 64 << 20, batching ? 1 : 4, batching, maxTokens, Duration.ofSeconds(5)));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        return gateway;
    }

    private static LlmCall<?> randomCall(Random random, int kind) {
        int size = 1 + random.nextInt(3);
        int longest = random.nextBoolean() ? 6 : 40;
        PromptBatch prompts = ConcurrentCallers.prompts(random, size, longest, hidden);
        TokenBatch answers = ConcurrentCallers.answers(random, size, 4, vocabulary);
        return switch (kind) {
            case 0, 1 -> new PromptLoss(prompts, answers, kind == 0 ? 1 : 1024);
            case 2 -> new PromptLoss(prompts, answers);
            case 3 -> {
                int[][][] choices = new int[size][][];
                for (int b = 0; b < size; b++) {
                    choices[b] = new int[1 + random.nextInt(4)][];
                    for (int c = 0; c < choices[b].length; c++) {
                        choices[b][c] = ConcurrentCallers.ids(random, 3, vocabulary);
                    }
                }
                yield new LlmCall.Score(prompts, choices);
            }
            case 4 -> new LlmCall.Generate(prompts, 3);
            case 5, 6, 7 -> new CodedLoss(coded(prompts, random), answers, 1024, Wanted.values()[kind - 5]);
            case 8 -> new LlmCall.Generate(coded(prompts, random), 3);
            default -> new LlmCall.Embed(ConcurrentCallers.ids(random, 30, vocabulary));
        };
    }

    /** Each caller's own W_up, on one of two modalities or on both. */
    private static CodedPrompts coded(PromptBatch prompts, Random random) {
        int size = prompts.size();
        List<Features> features = new ArrayList<>();
        for (int b = 0; b < size; b++) {
            int from = b * prompts.tokens() * hidden;
            byte[] modality = new byte[prompts.lengths()[b]];
            random.nextBytes(modality);
            for (int t = 0; t < modality.length; t++) {
                modality[t] &= 1;
            }
            features.add(Features.of(
                    Arrays.copyOfRange(prompts.embeds(), from, from + modality.length * hidden), modality, hidden));
        }
        float[] codes = normal(size * prompts.tokens() * 3, random);
        float[] up = normal(2 * 3 * hidden, random);
        int[] upOf = new int[size * 2];
        for (int i = 0; i < upOf.length; i++) {
            upOf[i] = random.nextInt(3) - 1;
        }
        return new CodedPrompts(features, codes, prompts.tokens(), 3, 0.5f, up, upOf, 2);
    }

    private static float[] normal(int size, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (0.3 * random.nextGaussian());
        }
        return values;
    }

    @Test
    void anyMixOfCallsAnswersAsIfEachWereAlone() {
        long calls = 0;
        long batches = 0;
        try (ConcurrentCallers callers = new ConcurrentCallers()) {
            for (int seed = 0; seed < 100; seed++) {
                Random random = new Random(seed);
                int[] kinds = {random.nextInt(10), random.nextInt(10)};
                List<LlmCall<?>> mix = new ArrayList<>();
                for (int i = 2 + random.nextInt(7); i > 0; i--) {
                    mix.add(randomCall(random, kinds[random.nextInt(2)]));
                }
                try (Gateway gateway = gateway(true, 60 + random.nextInt(400))) {
                    List<Object> answers = callers.all(gateway, Purpose.TRAIN, 1, mix);
                    for (int i = 0; i < mix.size(); i++) {
                        assertClose(
                                mix.get(i).on(llm),
                                answers.get(i),
                                "seed " + seed + ", call " + i + " "
                                        + mix.get(i).op());
                    }
                    assertEquals(mix.size(), gateway.figures().calls());
                    calls += mix.size();
                    batches += gateway.figures().batches();
                }
            }
        }
        assertTrue(batches < 0.8 * calls, batches + " batches of " + calls + " calls: hardly any were joined");
    }

    private static void assertClose(Object expected, Object got, String where) {
        if (expected instanceof Result result) {
            assertClose(
                    result.loss(), assertInstanceOf(Result.class, got, where).loss(), where);
            assertArrayEquals(result.answerTokens(), ((Result) got).answerTokens(), where);
            assertClose(result.gradient(), ((Result) got).gradient(), where);
        } else if (expected instanceof CodedResult result) {
            CodedResult found = assertInstanceOf(CodedResult.class, got, where);
            assertClose(result.loss(), found.loss(), where);
            assertArrayEquals(result.answerTokens(), found.answerTokens(), where);
            assertClose(result.gradients().codes(), found.gradients().codes(), where);
            assertClose(result.gradients().up(), found.gradients().up(), where);
            assertClose(result.gradients().squares(), found.gradients().squares(), where);
            assertClose(result.gradients().each(), found.gradients().each(), where);
        } else if (expected instanceof Scores scores) {
            assertArrayEquals(
                    scores.tokens(), assertInstanceOf(Scores.class, got, where).tokens(), where);
            for (int b = 0; b < scores.tokens().length; b++) {
                double[] sums = scores.logLikelihood()[b];
                for (int c = 0; c < sums.length; c++) {
                    assertEquals(sums[c], ((Scores) got).logLikelihood()[b][c], TOLERANCE * Math.abs(sums[c]), where);
                }
            }
        } else if (expected instanceof float[] rows) {
            assertArrayEquals(rows, assertInstanceOf(float[].class, got, where), where);
        } else {
            assertArrayEquals((int[][]) expected, assertInstanceOf(int[][].class, got, where), where);
        }
    }

    /** Relative to the largest value: a gradient has entries next to zero. */
    private static void assertClose(float[] expected, float[] got, String where) {
        assertEquals(expected.length, got.length, where);
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(expected[i] - got[i]));
        }
        assertTrue(error <= TOLERANCE * largest, where + ": off by " + error + " of " + largest);
    }

    @Test
    void whoSendsNonsenseFailsAloneAndTheOthersAreAnswered() {
        Random random = new Random(1);
        List<PromptLoss> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            PromptBatch prompts = ConcurrentCallers.prompts(random, 2, 20, hidden);
            calls.add(new PromptLoss(
                    PromptBatch.join(List.of(prompts, ConcurrentCallers.prompts(2, 20, hidden))),
                    ConcurrentCallers.answers(random, 4, 2, vocabulary),
                    1));
        }
        calls.get(1).prompts().embeds()[3] = Float.NaN;
        calls.get(2).answers().ids()[0] = vocabulary + 7;
        // One answer too few: joined, it would shift the answers of everybody behind it.
        calls.set(
                3, new PromptLoss(calls.get(3).prompts(), calls.get(3).answers().part(0, 3), 1));
        try (ConcurrentCallers callers = new ConcurrentCallers();
                Gateway gateway = gateway(true, 4096)) {
            List<Object> answers = callers.all(gateway, Purpose.TRAIN, 1, calls);
            assertClose(calls.get(0).on(llm), answers.get(0), "before");
            assertClose(calls.get(4).on(llm), answers.get(4), "behind");
            assertEquals(Reason.NONFINITE_INPUT, reason(answers.get(1)));
            assertEquals(Reason.TOKEN_RANGE, reason(answers.get(2)));
            assertEquals(Reason.BAD_REQUEST, reason(answers.get(3)));
        }
    }

    @Test
    void mistakesThatWouldCancelOutWhenJoinedAreStillRefused() {
        Random random = new Random(3);
        int[] answers = {2, 1, 2, 3}; // where two are right
        List<PromptLoss> calls = new ArrayList<>();
        for (int count : answers) {
            calls.add(new PromptLoss(
                    ConcurrentCallers.prompts(2, 20, hidden),
                    ConcurrentCallers.answers(random, count, 2, vocabulary),
                    1));
        }
        try (ConcurrentCallers callers = new ConcurrentCallers();
                Gateway gateway = gateway(true, 4096)) {
            List<Object> got = callers.all(gateway, Purpose.TRAIN, 1, calls);
            assertClose(calls.get(0).on(llm), got.get(0), "before");
            assertEquals(Reason.BAD_REQUEST, reason(got.get(1)));
            assertClose(calls.get(2).on(llm), got.get(2), "in between, one answer off if joined");
            assertEquals(Reason.BAD_REQUEST, reason(got.get(3)));
        }
    }

    private static Reason reason(Object failure) {
        return assertInstanceOf(LlmException.class, failure).reason();
    }

    @Test
    void aClientsTrafficIsTheSameJoinedOrNot() {
        Random random = new Random(2);
        List<LlmCall<?>> calls = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            calls.add(randomCall(random, 0));
        }
        calls.add(randomCall(random, 3));
        calls.add(randomCall(random, 5));
        Map<String, Traffic> alone = traffic(false, calls);
        Map<String, Traffic> joined = traffic(true, calls);
        assertEquals(calls.size(), alone.size());
        alone.forEach((client, traffic) ->
                assertEquals(traffic.in(0, 0), joined.get(client).in(0, 0)));
    }

    private static Map<String, Traffic> traffic(boolean batching, List<LlmCall<?>> calls) {
        try (ConcurrentCallers callers = new ConcurrentCallers();
                Gateway gateway = gateway(batching, 4096)) {
            callers.all(gateway, Purpose.TRAIN, 1, calls);
            return gateway.end(Purpose.TRAIN, 1);
        }
    }
}
