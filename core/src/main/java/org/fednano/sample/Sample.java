package org.fednano.sample;

import java.util.List;
import java.util.Optional;

/**
 * One row of a shard: a question, its picture or whatever else it is about, and the answer.
 *
 * @param sampleId unique in its data set
 * @param clientId owner
 * @param split what it is for
 * @param media pictures, sounds and the like in the order in which they stand in the prompt; empty for text only
 * @param question the question
 * @param context text before the question; may be empty
 * @param choices texts to choose from; empty for a free answer
 * @param answer the answer's text
 * @param answerIndex index into {@code choices}, or −1 for a free answer
 * @param task kind of problem, such as {@code choose_txt} or {@code fill_in_blank}
 * @param category skill or topic, for grouping results
 * @param source where the record came from
 */
public record Sample(
        String sampleId,
        String clientId,
        Split split,
        List<Medium> media,
        String question,
        String context,
        List<String> choices,
        String answer,
        int answerIndex,
        String task,
        String category,
        String source) {

    public Sample {
        media = List.copyOf(media);
        choices = List.copyOf(choices);
    }

    /** The first medium of a modality, if there is one. */
    public Optional<Medium> first(String modality) {
        return media.stream().filter(m -> m.modality().equals(modality)).findFirst();
    }
}
