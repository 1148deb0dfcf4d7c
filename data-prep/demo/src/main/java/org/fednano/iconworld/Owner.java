package org.fednano.iconworld;

import java.util.Map;
import org.fednano.sample.Split;

/**
 * Whose samples they are, and what sets them apart.
 *
 * @param id name, as in {@code c001}
 * @param shift how this owner's pictures and answers differ from the base world's
 * @param answers per family: probability of each answer of its pool, before the shift
 * @param rows samples per split
 */
record Owner(String id, Shift shift, Map<Family, double[]> answers, Map<Split, Integer> rows) {

    Owner {
        answers = Map.copyOf(answers);
        rows = Map.copyOf(rows);
    }
}
