package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.NanoAdapters;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.PlainBackend;
import org.fednano.algorithm.RoundResult;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** NanoAdapters in front of the real decoder: the method's two halves of a gradient fit together. */
class AdaptedLlmTest {

    private static EmbeddedLlm llm;
    private static AdapterLayout layout;

    @BeforeAll
    static void load() {
        llm = TinyDecoder.llm(TinyDecoder.GROUPED_TIED);
        layout = AdapterLayout.of("both", llm.info().hidden(), 4, 8);
    }

    @AfterAll
    static void close() {
        llm.close();
    }

    private static List<PromptFeatures> samples(int count, long seed) {
        Random random = new Random(seed);
        List<PromptFeatures> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int tokens = 4 + random.nextInt(6);
            byte[] modality = new byte[tokens];
            float[] embeds = new float[tokens * layout.hidden()];
            for (int t = 0; t < tokens; t++) {
                modality[t] = t % 3 == 0 ? PromptFeatures.TEXT : PromptFeatures.IMAGE;
            }
            for (int j = 0; j < embeds.length; j++) {
                embeds[j] = (float) random.nextGaussian();
            }
            int[] answer = {i % 4 == 0 ? 20 : 21, 2};
            samples.add(new PromptFeatures("s" + i, embeds, modality, answer, new int[0][], -1, "", "toy"));
        }
        return samples;
    }

    @Test
    void theGradientOfTheParametersIsTheSlopeOfTheLoss() {
        Random random = new Random(1);
        FeatureBatch batch = FeatureBatch.of(samples(3, 2), layout.hidden());
        NanoAdapters adapters = NanoAdapters.of(layout);
        float[] theta = new float[layout.size()];
        for (int i = 0; i < theta.length; i++) {
            theta[i] = (float) (0.05 * random.nextGaussian());
        }
        double[] gradient = new double[theta.length]; // of the summed loss
        var result = llm.lossGradient(adapters.forward(theta, batch), batch.answers(), 1024);
        adapters.backward(theta, batch, result.gradient(), 1024, g -> {
            for (int i = 0; i < g.length; i++) {
                gradient[i] += g[i];
            }
        });
        double squares = 0;
        for (double g : gradient) {
            squares += g * g;
        }
        // Along the gradient itself the slope is its squared length; a step small against the curvature, large against
        // float32's rounding of the loss.
        double step = 0.01 / Math.sqrt(squares);
        double slope = (loss(adapters, theta, gradient, step, batch) - loss(adapters, theta, gradient, -step, batch))
                / (2 * step);
        assertEquals(squares, slope, 0.01 * squares);
    }

    private static double loss(
            NanoAdapters adapters, float[] theta, double[] direction, double step, FeatureBatch batch) {
        float[] moved = theta.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (float) (step * direction[i]);
        }
        double sum = 0;
        for (float loss :
                llm.loss(adapters.forward(moved, batch), batch.answers()).loss()) {
            sum += loss;
        }
        return sum;
    }

    @Test
    void federatedTuningLowersTheLossAndRepeatsItselfBitForBit() {
        Settings settings =
                Settings.defaults().with(MethodKeys.LEARNING_RATE, 0.03).with(MethodKeys.EPOCHS, 4);
        TrainingPlan plan =
                TrainingPlan.of(settings, layout, List.of("c001", "c002")).withRounds(2);
        PlainBackend clients = new PlainBackend(client -> rows(samples(8, client.hashCode())), client -> llm);
        List<RoundResult> rounds = new ArrayList<>();
        float[] theta = FedNano.train(plan, GlobalAdapter.initial(plan), clients, rounds::add)
                .theta();
        assertTrue(rounds.get(1).lastEpochLoss() < 0.8 * rounds.get(0).firstEpochLoss());
        assertArrayEquals(
                theta,
                FedNano.train(plan, GlobalAdapter.initial(plan), clients, r -> {})
                        .theta());
    }

    private static ClientData rows(List<PromptFeatures> samples) {
        return new ClientData() {
            @Override
            public int size() {
                return samples.size();
            }

            @Override
            public PromptFeatures row(int i) {
                return samples.get(i);
            }
        };
    }
}
