package org.fednano.sample;

import java.util.List;

/**
 * One row of a shard: a question, its picture, and the answer.
 *
 * @param sampleId unique in its data set
 * @param clientId owner
 * @param split what it is for
 * @param image the picture's file as read (PNG, JPEG), or null for text only; not copied, not to be changed
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
        byte[] image,
        String question,
        String context,
        List<String> choices,
        String answer,
        int answerIndex,
        String task,
        String category,
        String source) {

    public Sample {
        choices = List.copyOf(choices);
    }
}
