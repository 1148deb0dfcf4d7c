package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.CodedAdapters;
import org.fednano.adapter.NanoAdapters;
import org.fednano.algorithm.LossGradient.CodedResult;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.PromptFeatures;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract's second version against its first: a real server with a store, the real client, a real small LLM. */
class CodedCallsTest {

    private static final int REQUESTS = 1_000;
    private static final double CLOSE = 1e-5;
    private static final float SCALE = 1024;

    private static EmbeddedLlm llm;
    private LlmServer server;

    @BeforeAll
    static void open() {
        llm = TinyDecoder.llm(TinyDecoder.GROUPED_TIED);
    }

    @AfterAll
    static void closeLlm() {
        llm.close();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private OipLlm serve(long memory, long disk) {
        server = LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1",
                                0,
                                Caller.MODEL,
                                WireType.FP32,
                                new LlmInfo.Limits(500, 1 << 20),
                                new LlmServer.Load(64, 1 << 22, 2))
                        .withFeatures(new FeatureStore.Limits(memory, disk, null, Duration.ofHours(1))),
                Backend.of(llm));
        return client();
    }

    private OipLlm client() {
        return OipLlm.connect(OipOptions.to("grpc://127.0.0.1:" + server.port()).withWire(Wire.CODES));
    }

    /** Losses, gradients and Fisher of random requests, with a store that lets go in the middle of it all. */
    @Test
    void aThousandRequestsAnswerAsVersionOne() {
        try (OipLlm wire = serve(12_000, 30_000)) {
            CodedRequests requests =
                    new CodedRequests(1, llm.info().hidden(), llm.info().vocabulary());
            List<PromptFeatures> known = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                AdapterLayout layout = requests.layout();
                float[] theta = requests.theta(layout);
                FeatureBatch batch = requests.batch(known);
                if (known.size() > 60) {
                    known.clear();
                }
                compare(layout, theta, batch, Wanted.values()[i % 3], wire);
            }
            FeatureStore.Figures figures = server.features();
            assertTrue(figures.evicted() > 100 && figures.hits() > 1000, figures.toString());
            assertTrue(figures.memory() <= 12_000 && figures.disk() <= 30_000, figures.toString());
            assertTrue(figures.disk() > 0, figures.toString());
        }
        assertEquals(0, server.features().entries(), "the run's features are dropped at its end");
    }

    private static void compare(AdapterLayout layout, float[] theta, FeatureBatch batch, Wanted wanted, OipLlm wire) {
        int size = layout.size();
        NanoAdapters adapters = NanoAdapters.of(layout);
        Result first = llm.lossGradient(adapters.forward(theta, batch), batch.answers(), SCALE);
        double[] sum = new double[size];
        double[] squares = new double[size];
        List<float[]> each = new ArrayList<>();
        adapters.backward(theta, batch, first.gradient(), SCALE, g -> {
            each.add(g.clone());
            for (int i = 0; i < size; i++) {
                sum[i] += g[i];
                squares[i] += (double) g[i] * g[i];
            }
        });

        CodedAdapters coded = new CodedAdapters(layout);
        CodedPrompts prompts = coded.forward(theta, batch);
        CodedResult second = wire.lossGradient(prompts, batch.answers(), SCALE, wanted);
        double[] sum2 = coded.upPart(
                wanted == Wanted.EACH ? prompts.up() : second.gradients().up(), 1 / SCALE);
        double[] squares2 = new double[size];
        if (wanted == Wanted.EACH) {
            Arrays.fill(sum2, 0);
        } else if (wanted == Wanted.SQUARES) {
            squares2 = coded.upPart(second.gradients().squares(), 1.0 / SCALE / SCALE);
        }
        List<float[]> each2 = new ArrayList<>();
        coded.backward(batch, second.gradients(), SCALE, g -> each2.add(g.clone()));
        for (float[] g : each2) {
            for (int i = 0; i < size; i++) {
                sum2[i] += g[i];
                squares2[i] += (double) g[i] * g[i];
            }
        }
        close(doubles(first.loss()), doubles(second.loss()), "losses");
        assertArrayEquals(first.answerTokens(), second.answerTokens());
        close(sum, sum2, "gradient");
        if (wanted != Wanted.SUM) {
            close(squares, squares2, "Fisher");
        }
        if (wanted == Wanted.EACH) {
            close(joined(each), joined(each2), "gradients of samples");
        }
    }

    private static double[] joined(List<float[]> parts) {
        return parts.stream()
                .flatMapToDouble(part -> Arrays.stream(doubles(part)))
                .toArray();
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static void close(double[] expected, double[] found, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertArrayEquals(expected, found, CLOSE * largest, what);
    }

    @Test
    void lossesScoresAndContinuationsAreThoseOfVersionOne() {
        try (OipLlm wire = serve(1 << 20, 0)) {
            CodedRequests requests =
                    new CodedRequests(2, llm.info().hidden(), llm.info().vocabulary());
            for (int i = 0; i < 30; i++) {
                AdapterLayout layout = requests.layout();
                float[] theta = requests.theta(layout);
                FeatureBatch batch = requests.batch(new ArrayList<>());
                PromptBatch embeddings = NanoAdapters.of(layout).forward(theta, batch);
                CodedPrompts prompts = new CodedAdapters(layout).forward(theta, batch);
                int[][][] choices = new int[batch.size()][][];
                for (int b = 0; b < choices.length; b++) {
                    choices[b] = new int[][] {requests.ids(2), requests.ids(1), requests.ids(3)};
                }
                close(
                        doubles(llm.loss(embeddings, batch.answers()).loss()),
                        doubles(wire.loss(prompts, batch.answers()).loss()),
                        "losses");
                Scores expected = llm.score(embeddings, choices);
                Scores found = wire.score(prompts, choices);
                assertArrayEquals(expected.tokens(), found.tokens());
                for (int b = 0; b < choices.length; b++) {
                    close(expected.logLikelihood()[b], found.logLikelihood()[b], "scores");
                }
                assertArrayEquals(llm.generate(embeddings, 4), wire.generate(prompts, 4));
            }
        }
    }
}
