package org.fednano.pretrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.encoder.NanoEdge;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.Answers;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/**
 * Accuracy of a finished model folder, through the very code that serves it: choices by mean log-likelihood, free answers
 * by greedy generation and exact match.
 */
final class HeldOut {

    private static final int BATCH = 64;

    /** Right answers among so many. */
    record Accuracy(int right, int samples) {
        Accuracy plus(boolean isRight) {
            return new Accuracy(right + (isRight ? 1 : 0), samples + 1);
        }

        double percent() {
            return 100.0 * right / Math.max(1, samples);
        }
    }

    private HeldOut() {}

    /**
     * @return accuracy by category, sorted; the entry with an empty name is all of them together
     */
    static Map<String, Accuracy> evaluate(HfModelFolder folder, List<Sample> samples, Settings settings) {
        Map<String, Accuracy> accuracy = new TreeMap<>();
        accuracy.put("", new Accuracy(0, 0));
        try (NanoEdge edge = NanoEdge.open(folder, settings);
                EmbeddedLlm llm = EmbeddedLlm.open(folder)) {
            for (List<Sample> kind : byKind(samples)) {
                for (int from = 0; from < kind.size(); from += BATCH) {
                    List<PromptFeatures> features =
                            edge.encode(kind.subList(from, Math.min(from + BATCH, kind.size())), llm::embed);
                    boolean[] right = answer(edge, llm, features, settings);
                    for (int i = 0; i < right.length; i++) {
                        boolean isRight = right[i];
                        accuracy.compute("", (k, a) -> a.plus(isRight));
                        accuracy.compute(features.get(i).category(), (k, a) -> (a == null ? new Accuracy(0, 0) : a)
                                .plus(isRight));
                    }
                }
            }
        }
        return accuracy;
    }

    private static List<List<Sample>> byKind(List<Sample> samples) {
        List<Sample> choose = new ArrayList<>(samples);
        choose.removeIf(s -> s.choices().isEmpty());
        List<Sample> free = new ArrayList<>(samples);
        free.removeIf(s -> !s.choices().isEmpty());
        return List.of(choose, free);
    }

    private static boolean[] answer(NanoEdge edge, EmbeddedLlm llm, List<PromptFeatures> features, Settings settings) {
        FeatureBatch batch = FeatureBatch.of(features, edge.hidden());
        boolean[] right = new boolean[features.size()];
        if (features.get(0).choices().length > 0) {
            Scores scores = llm.score(
                    batch.prompts(),
                    features.stream().map(PromptFeatures::choices).toArray(int[][][]::new));
            for (int b = 0; b < right.length; b++) {
                right[b] = scores.best(b) == features.get(b).answerIndex();
            }
        } else {
            int[][] generated = llm.generate(batch.prompts(), settings.get(ModelKeys.MAX_NEW_TOKENS));
            for (int b = 0; b < right.length; b++) {
                right[b] = Answers.match(
                        edge.tokenizer().decode(generated[b]), features.get(b).answerText());
            }
        }
        return right;
    }
}
