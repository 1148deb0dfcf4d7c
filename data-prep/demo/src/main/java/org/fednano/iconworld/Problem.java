package org.fednano.iconworld;

import java.util.List;
import org.fednano.sample.Split;

/**
 * One drawn sample.
 *
 * @param pid unique in its data set, as in {@code c001-train-000017}
 * @param task {@code choose_txt} or {@code fill_in_blank}
 * @param choices texts to choose from; empty for a free answer
 * @param answer the right answer's text
 * @param answerIndex its index among the choices, or −1
 * @param png the picture's file
 */
record Problem(
        String pid,
        String owner,
        Split split,
        Skill skill,
        String task,
        String question,
        List<String> choices,
        String answer,
        int answerIndex,
        byte[] png) {

    static final String CHOOSE = "choose_txt";
    static final String FILL = "fill_in_blank";

    Problem {
        choices = List.copyOf(choices);
    }
}
