package org.fednano.align;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.connector.FeatureScale;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * Samples with their text's embeddings and scaled features, ready for a connector. Symbols: B samples, T tokens, R tokens of
 * media over all samples, D width of features, H hidden size.
 *
 * @param features (R, D), scaled
 * @param places (R): each one's row in (B·T, H)
 * @param text (B, T, H), zeros on tokens of media
 * @param answers (B, L)
 */
record AlignBatch(float[] features, int[] places, PromptBatch text, TokenBatch answers) {

    /** Embeddings of text tokens, each fetched once: prompts of one template share nearly all of them. */
    static final class TextRows {
        private final NanoEdge.EmbeddingRows llm;
        private final int hidden;
        private final Map<Integer, float[]> rows = new HashMap<>();

        TextRows(NanoEdge.EmbeddingRows llm, int hidden) {
            this.llm = llm;
            this.hidden = hidden;
        }

        void fetch(IntStream ids) {
            int[] missing = ids.filter(id -> id != AlignSample.MEDIUM && !rows.containsKey(id))
                    .distinct()
                    .sorted()
                    .toArray();
            if (missing.length > 0) {
                float[] table = llm.embed(missing);
                for (int i = 0; i < missing.length; i++) {
                    rows.put(missing[i], Arrays.copyOfRange(table, i * hidden, (i + 1) * hidden));
                }
            }
        }

        float[] row(int id) {
            return rows.get(id);
        }
    }

    static AlignBatch of(List<AlignSample> samples, AlignData data, FeatureScale scale, TextRows text) {
        int hidden = text.hidden;
        text.fetch(samples.stream().flatMapToInt(s -> Arrays.stream(s.prompt())));
        int tokens = samples.stream().mapToInt(s -> s.prompt().length).max().orElseThrow();
        int[] lengths = samples.stream().mapToInt(s -> s.prompt().length).toArray();
        float[] embeds = new float[Math.multiplyExact(samples.size() * tokens, hidden)];
        IntStream.Builder places = IntStream.builder();
        float[][] features = new float[samples.size()][];
        for (int b = 0; b < lengths.length; b++) {
            int[] prompt = samples.get(b).prompt();
            features[b] = data.features(samples.get(b));
            for (int t = 0; t < prompt.length; t++) {
                int row = b * tokens + t;
                if (prompt[t] == AlignSample.MEDIUM) {
                    places.add(row);
                } else {
                    System.arraycopy(text.row(prompt[t]), 0, embeds, row * hidden, hidden);
                }
            }
        }
        return new AlignBatch(
                scale.apply(joined(features)),
                places.build().toArray(),
                new PromptBatch(embeds, lengths, tokens, hidden),
                TokenBatch.of(samples.stream().map(AlignSample::answer).toList()));
    }

    private static float[] joined(float[][] parts) {
        float[] all = new float[Arrays.stream(parts).mapToInt(p -> p.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** B. */
    int size() {
        return text.size();
    }

    /**
     * Prompts with the connector's output in its places.
     *
     * @param connected (R, H)
     */
    PromptBatch prompts(float[] connected) {
        int hidden = text.hidden();
        float[] embeds = text.embeds().clone();
        for (int r = 0; r < places.length; r++) {
            System.arraycopy(connected, r * hidden, embeds, places[r] * hidden, hidden);
        }
        return new PromptBatch(embeds, text.lengths(), text.tokens(), hidden);
    }

    /**
     * The part of a gradient (B, T, H) that reaches the connector's output, times a factor.
     *
     * @return (R, H)
     */
    float[] connected(float[] gradient, double factor) {
        int hidden = text.hidden();
        float[] part = new float[places.length * hidden];
        for (int r = 0; r < places.length; r++) {
            for (int h = 0; h < hidden; h++) {
                part[r * hidden + h] = (float) (factor * gradient[places[r] * hidden + h]);
            }
        }
        return part;
    }
}
