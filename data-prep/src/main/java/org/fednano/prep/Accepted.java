package org.fednano.prep;

import java.util.List;
import org.fednano.sample.Split;

/**
 * A sample that passed every check, without its media's bytes: a data set's worth of these fits the driver.
 *
 * @param owner the client that the record names, or null
 * @param context text before the question; may be empty
 * @param column what the record says in {@code prepare.split_column}, where that is none of the other fields; else empty
 * @param media pictures first, in the order of the prompt
 * @param source where the record stands in the raw data set
 */
record Accepted(
        String id,
        Split split,
        String owner,
        String question,
        String context,
        List<String> choices,
        String answer,
        int answerIndex,
        String task,
        String category,
        String column,
        List<RawMedium> media,
        String source) {

    Accepted {
        choices = List.copyOf(choices);
        media = List.copyOf(media);
    }
}
