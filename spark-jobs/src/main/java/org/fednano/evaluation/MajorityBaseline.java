package org.fednano.evaluation;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.sample.Answers;
import org.fednano.sample.Sample;

/**
 * The answer one would give without looking at picture or question: a client's most frequent training answer of the
 * question's category, among the sample's choices if it has some. What a model must beat to have learnt anything.
 */
public final class MajorityBaseline {

    /** How often each answer was seen; equal counts are settled by the alphabet, so that order never matters. */
    private static final class Counts {
        private final Map<String, Integer> seen = new TreeMap<>();

        public void add(String answer) {
            seen.merge(answer, 1, Integer::sum);
        }

        int of(String answer) {
            return seen.getOrDefault(answer, 0);
        }

        String most() {
            return seen.entrySet().stream()
                    .max(Map.Entry.<String, Integer>comparingByValue()
                            .thenComparing(
                                    Map.Entry.<String, Integer>comparingByKey().reversed()))
                    .map(Map.Entry::getKey)
                    .orElse("");
        }
    }

    private final Map<String, Counts> byCategory = new TreeMap<>();
    private final Counts all = new Counts();

    /** Learns from a training row. */
    public void add(Sample row) {
        String answer = Answers.normalise(row.answer());
        byCategory.computeIfAbsent(row.category(), c -> new Counts()).add(answer);
        all.add(answer);
    }

    /** Its answer to a sample. */
    public String answer(String category, List<String> choices) {
        Counts counts = byCategory.getOrDefault(category, all);
        if (choices.isEmpty()) {
            return counts.most();
        }
        return choices.stream()
                .max(Comparator.<String>comparingInt(c -> counts.of(Answers.normalise(c)))
                        .thenComparingInt(c -> all.of(Answers.normalise(c)))
                        .thenComparing(Comparator.reverseOrder()))
                .orElseThrow();
    }
}
