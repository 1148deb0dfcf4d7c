package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.method.ClientRule;
import org.fednano.method.FisherRule;
import org.fednano.method.LocalRule;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

/** A client that sends features and codes sends up what one that sends embeddings does, to rounding. */
class CodedClientTest {

    private static final String CLIENT = "c003";
    private static final OptimizerSpec SGD = new OptimizerSpec("sgd", 0.05, 0, 0, 0, 0, 0);

    private final ToyFederation toy = new ToyFederation();

    /** The toy's LLM behind a wire, and what was asked of it. */
    private final class Wired implements LossGradient {
        private final Set<Wanted> asked = new HashSet<>();
        private int embeddings;

        @Override
        public Wire wire() {
            return Wire.CODES;
        }

        @Override
        public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
            embeddings++;
            return toy.llm.lossGradient(prompts, answers, gradScale);
        }

        @Override
        public CodedResult lossGradient(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted) {
            asked.add(wanted);
            return toy.llm.lossGradient(prompts, answers, gradScale, wanted);
        }
    }

    private ClientUpdate update(ClientRule rule, LossGradient llm) {
        Round round = new Round(
                1,
                ToyFederation.LAYOUT,
                org.fednano.adapter.AdapterInit.theta(ToyFederation.LAYOUT, 5),
                1,
                new LocalTraining(3, 4, SGD, 1024, 3),
                rule);
        return FedNano.clientUpdate(CLIENT, round, toy.data(CLIENT), llm);
    }

    private void same(ClientRule rule, Set<Wanted> asked) {
        ClientUpdate expected = update(rule, toy.llm);
        Wired wired = new Wired();
        ClientUpdate found = update(rule, wired);
        assertEquals(asked, wired.asked);
        assertEquals(0, wired.embeddings);
        close(expected.theta(), found.theta(), 1e-5f);
        assertEquals(expected.uploads().keySet(), found.uploads().keySet());
        // θ_k differs by rounding, and the toy's gradients are small differences there.
        expected.uploads()
                .forEach((name, values) -> close(values, found.uploads().get(name), 1e-4f));
        assertEquals(expected.metrics().lastEpochLoss(), found.metrics().lastEpochLoss(), 1e-5);
    }

    private static void close(float[] expected, float[] found, float relative) {
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertTrue(largest > 0);
        assertArrayEquals(expected, found, relative * largest);
    }

    @Test
    void sumsAreEnoughForTrainingAndSquaresForFisher() {
        same(new FisherRule.AfterTraining(0), Set.of(Wanted.SUM, Wanted.SQUARES));
        same(new FisherRule.InLastEpoch(), Set.of(Wanted.SUM, Wanted.SQUARES));
        same((theta, epochs) -> LocalRule.NOTHING, Set.of(Wanted.SUM));
    }

    /** A rule that looks at each gradient gets each, whole. */
    @Test
    void aRuleThatSeesGradientsSeesThemWhole() {
        same(
                (theta, epochs) -> new LocalRule() {
                    private final float[] largest = new float[theta.length];

                    @Override
                    public Optional<Consumer<float[]>> samples(int epoch) {
                        return Optional.of(this::see);
                    }

                    private void see(float[] gradient) {
                        for (int i = 0; i < largest.length; i++) {
                            largest[i] = Math.max(largest[i], Math.abs(gradient[i]));
                        }
                    }

                    @Override
                    public Map<String, float[]> uploads(Pass pass) {
                        pass.over(7, this::see);
                        return Map.of("largest", largest);
                    }
                },
                Set.of(Wanted.EACH));
    }

    /** The rows of docs/endpoint-contract.md: small H, batches of one and single looks stay with embeddings. */
    @Test
    void autoTakesWhatIsFewerBytes() {
        AdapterLayout large = AdapterLayout.of("both", 4096, 64, 128);
        AdapterLayout demo = AdapterLayout.of("both", 128, 8, 16);
        AdapterLayout small = AdapterLayout.of("both", 16, 8, 16);
        autoFor(large, 8, 640, "training once, in ten rounds, evaluation in ten rounds", "in half types");
        autoFor(demo, 8, 20, "training once, in ten rounds, evaluation in ten rounds", "in half types");
        autoFor(small, 8, 20, "in ten rounds, evaluation in ten rounds", "");
        autoFor(large, 1, 20, "", "");
        assertTrue(Wire.CODES.codes(small, 1, 1, 1, false));
        assertFalse(Wire.EMBEDDINGS.codes(large, 8, 640, 100, true));
    }

    private static void autoFor(AdapterLayout layout, int samples, int tokens, String pays, String half) {
        assertEquals(pays.contains("once"), Wire.AUTO.codes(layout, samples, tokens, 1, true));
        assertEquals(pays.contains("in ten"), Wire.AUTO.codes(layout, samples, tokens, 10, true));
        assertEquals(pays.contains("evaluation"), Wire.AUTO.codes(layout, samples, tokens, 11, false));
        assertEquals(!half.isEmpty(), Wire.AUTO_HALF.codes(layout, samples, tokens, 10, true));
        assertFalse(Wire.AUTO.codes(layout, samples, tokens, 1, false), "seen once, and nothing comes back");
        assertFalse(Wire.AUTO_HALF.codes(layout, samples, tokens, 1, true), "as many bytes there as both ways");
    }

    /** Exactly where the bytes of both ways are the same, one value less of the codes' rank turns it. */
    @Test
    void autoTurnsWhereBothAreTheSame() {
        for (int uses = 1; uses <= 50; uses++) {
            for (int rank = 1; rank < 128; rank++) {
                AdapterLayout layout = AdapterLayout.of("text", 128, rank, 2.0 * rank);
                long embeddings = 2L * uses * 4 * 32 * 128;
                long codes = 4L * 32 * 128 + 2L * uses * (4 * 32 * rank + rank * 128);
                assertEquals(codes < embeddings, Wire.AUTO.codes(layout, 4, 32, uses, true), uses + ", " + rank);
            }
        }
    }

    /** A row comes up in each of its client's epochs; of the rounds a client has its share. */
    @Test
    void aRowsUsesAreCountedOverTheRun() {
        Settings settings = Settings.defaults().with(MethodKeys.EPOCHS, 2).with(RunKeys.ROUNDS, 10);
        assertEquals(20, LocalTraining.of(settings, 5).featureUses());
        Settings some = settings.with(RunKeys.COHORT, 3);
        assertEquals(12, LocalTraining.of(some, 5).featureUses());
        assertEquals(20, LocalTraining.of(some, 2).featureUses());
        assertEquals(2, LocalTraining.of(some, 1_000).featureUses(), "drawn, it trains at least this once");
    }
}
