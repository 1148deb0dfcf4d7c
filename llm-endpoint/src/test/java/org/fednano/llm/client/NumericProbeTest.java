package org.fednano.llm.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sound gradients pass by a wide margin and wrong ones do not, for each type, and for losses as noisy as a half's. */
class NumericProbeTest {

    private static final PromptBatch PROMPTS = TinyDecoder.prompts(16, 9, 9, 4, 7);
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {3, 5, 1}, new int[] {4}, new int[] {7, 2}));

    private static EmbeddedLlm llm;

    @BeforeAll
    static void open() {
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void close() {
        llm.close();
    }

    @ParameterizedTest
    @EnumSource(WireType.class)
    void soundAndUnsound(WireType type) {
        FakeLlm tried = new FakeLlm(llm);
        for (int seed = 0; seed < 5; seed++) {
            // In BF16 small steps are lost to rounding, and this decoder is far more curved than a trained one.
            assertWithin(tried, type, seed, 0, type == WireType.BF16 ? 0.12 : 0.05);
        }
        tried.gradient = FakeLlm::negated;
        assertWithin(tried, type, 1, 1.8, 2.2);
        tried.gradient = r -> scaled(r, 2);
        assertWithin(tried, type, 1, 0.8, 1.2); // |1 - 2|
        tried.gradient = r -> scaled(r, 0.5f);
        assertWithin(tried, type, 1, 0.8, 1.2);
        tried.gradient = NumericProbeTest::withoutHalf;
        assertWithin(tried, type, 1, 0.25, 5);
    }

    /** Each loss off by some 0.2 %, as bfloat16 arithmetic gives. */
    @ParameterizedTest
    @EnumSource(WireType.class)
    void noisyLosses(WireType type) {
        for (int seed = 0; seed < 5; seed++) {
            Random random = new Random(seed);
            FakeLlm noisy = new FakeLlm(llm);
            noisy.losses = result -> {
                float[] losses = result.loss().clone();
                for (int i = 0; i < losses.length; i++) {
                    losses[i] *= (float) (1 + random.nextGaussian() / 512);
                }
                return new Result(losses, result.answerTokens(), result.gradient());
            };
            assertWithin(noisy, type, seed, 0, EndpointHandshake.SLOPE_TOLERANCE);
            noisy.gradient = FakeLlm::negated;
            assertWithin(noisy, type, seed, 1.5, 2.5);
        }
    }

    private static Result scaled(Result result, float by) {
        float[] gradient = result.gradient().clone();
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= by;
        }
        return new Result(result.loss(), result.answerTokens(), gradient);
    }

    /** Every second token's gradient lost. */
    private static Result withoutHalf(Result result) {
        float[] gradient = result.gradient().clone();
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= i / PROMPTS.hidden() % 2;
        }
        return new Result(result.loss(), result.answerTokens(), gradient);
    }

    private static void assertWithin(FakeLlm tried, WireType type, long seed, double least, double most) {
        NumericProbe.Slope slope = NumericProbe.slope(tried, PROMPTS, ANSWERS, 8, seed, 1, type);
        assertTrue(slope.error() >= least && slope.error() <= most, type + " seed " + seed + " " + slope);
    }
}
