package org.fednano.algorithm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.NanoAdapters;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * Five clients of unequal size and skewed answers, whose image tokens all have the wrong sign for the frozen readout:
 * zero-shot is worse than chance, and an adapter can mend it.
 */
final class ToyFederation {

    static final int H = 8;
    static final int CLASSES = 4;
    static final AdapterLayout LAYOUT = AdapterLayout.of("both", H, 4, 8);

    final FakeLlm llm;
    final Map<String, List<PromptFeatures>> rows = new TreeMap<>();

    ToyFederation() {
        Random random = new Random(42);
        float[][] readout = new float[CLASSES][H];
        for (float[] row : readout) {
            for (int h = 0; h < H; h++) {
                row[h] = (float) (2 * random.nextGaussian());
            }
        }
        llm = new FakeLlm(readout);
        for (int k = 1; k <= 5; k++) {
            List<PromptFeatures> samples = new ArrayList<>();
            for (int i = 0; i < 6 + 7 * k; i++) {
                int label = random.nextInt(3) > 0 ? k % CLASSES : random.nextInt(CLASSES);
                samples.add(sample("c00" + k + "-" + i, readout[label], label, random));
            }
            rows.put("c00" + k, samples);
        }
    }

    private static PromptFeatures sample(String id, float[] readout, int label, Random random) {
        int tokens = 3 + random.nextInt(4);
        byte[] modality = new byte[tokens];
        float[] embeds = new float[tokens * H];
        for (int t = 0; t < tokens; t++) {
            boolean image = t > 0;
            modality[t] = image ? PromptFeatures.IMAGE : PromptFeatures.TEXT;
            for (int h = 0; h < H; h++) {
                embeds[t * H + h] = (float) ((image ? -0.5 * readout[h] : 0) + 0.5 * random.nextGaussian());
            }
        }
        return new PromptFeatures(id, embeds, modality, new int[] {label, 9}, new int[0][], -1, "" + label, "toy");
    }

    List<String> clients() {
        return List.copyOf(rows.keySet());
    }

    ClientData data(String client) {
        List<PromptFeatures> own = rows.get(client);
        return new ClientData() {
            @Override
            public int size() {
                return own.size();
            }

            @Override
            public PromptFeatures row(int i) {
                return own.get(i);
            }
        };
    }

    /** Clients as a plain loop. */
    ClientBackend plain() {
        return new PlainBackend(this::data, client -> llm);
    }

    /** A plan of so many rounds; {@code change} may alter the settings. */
    TrainingPlan plan(int rounds, UnaryOperator<Settings> change) {
        Settings settings = Settings.defaults()
                .with(RunKeys.ROUNDS, rounds)
                .with(MethodKeys.EPOCHS, 2)
                .with(MethodKeys.LEARNING_RATE, 0.02);
        return TrainingPlan.of(change.apply(settings), LAYOUT, clients());
    }

    /** Fraction of all samples whose likeliest class is the answer. */
    double accuracy(float[] theta) {
        int correct = 0;
        int all = 0;
        for (List<PromptFeatures> own : rows.values()) {
            FeatureBatch batch = FeatureBatch.of(own, H);
            PromptBatch prompts = NanoAdapters.of(LAYOUT).forward(theta, batch);
            for (int b = 0; b < own.size(); b++) {
                double[] p = llm.probabilities(prompts, b);
                int best = 0;
                for (int c = 1; c < p.length; c++) {
                    best = p[c] > p[best] ? c : best;
                }
                correct += best == own.get(b).answer()[0] ? 1 : 0;
                all++;
            }
        }
        return (double) correct / all;
    }
}
