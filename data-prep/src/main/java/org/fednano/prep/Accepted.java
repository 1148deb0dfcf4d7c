package org.fednano.prep;

import java.io.Serializable;
import java.util.List;
import org.fednano.sample.Split;

/**
 * A record that passed every check, without its picture's bytes: a data set's worth of these fits the driver.
 *
 * @param owner the client that the record names, or null
 * @param image path of the picture below the data set's folder
 */
record Accepted(
        String id,
        Split split,
        String owner,
        String question,
        List<String> choices,
        String answer,
        int answerIndex,
        String task,
        String category,
        String image)
        implements Serializable {

    Accepted {
        choices = List.copyOf(choices);
    }

    /** Where the record stands in the raw data set. */
    String source() {
        return image.substring(0, image.lastIndexOf('/'));
    }
}
