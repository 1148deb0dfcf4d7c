package org.fednano.llm.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.fednano.adapter.AdapterLayout;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;

/** Random adapters and batches: any modalities, ranks and mixes of lengths. */
final class CodedRequests {

    private static final Map<String, Byte> KNOWN = new LinkedHashMap<>();

    static {
        KNOWN.put("image", (byte) 0);
        KNOWN.put("text", (byte) 1);
        KNOWN.put("thermal", (byte) 2);
    }

    private static final List<String> WHICH = List.of("image", "text", "both", "all", "image,thermal", "thermal");

    private final Random random;
    private final int hidden;
    private final int vocabulary;

    CodedRequests(long seed, int hidden, int vocabulary) {
        random = new Random(seed);
        this.hidden = hidden;
        this.vocabulary = vocabulary;
    }

    AdapterLayout layout() {
        return AdapterLayout.of(
                WHICH.get(random.nextInt(WHICH.size())), KNOWN, hidden, 1 + random.nextInt(6), 1 + random.nextInt(8));
    }

    float[] theta(AdapterLayout layout) {
        return normal(layout.size(), 0.1);
    }

    /** B to 5 of T to 12, choices and answers of random lengths; the rows of {@code known} may come again. */
    FeatureBatch batch(List<PromptFeatures> known) {
        List<PromptFeatures> samples = new ArrayList<>();
        int size = 1 + random.nextInt(5);
        for (int b = 0; b < size; b++) {
            if (!known.isEmpty() && random.nextBoolean()) {
                samples.add(known.get(random.nextInt(known.size())));
            } else {
                PromptFeatures sample = sample();
                samples.add(sample);
                known.add(sample);
            }
        }
        return FeatureBatch.of(samples, hidden);
    }

    PromptFeatures sample() {
        int tokens = 1 + random.nextInt(12);
        byte[] modality = new byte[tokens];
        for (int t = 0; t < tokens; t++) {
            modality[t] = (byte) random.nextInt(3);
        }
        return new PromptFeatures(
                "s", normal(tokens * hidden, 1), modality, ids(1 + random.nextInt(4)), new int[0][], -1, "", "");
    }

    int[] ids(int count) {
        return IntStream.range(0, count).map(i -> random.nextInt(vocabulary)).toArray();
    }

    private float[] normal(int size, double deviation) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
