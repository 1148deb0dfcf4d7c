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
 * @param skill the only one that its questions ask for; null: all take turns
 * @param fault what is wrong with its samples for training and validation
 */
record Owner(
        String id, Shift shift, Map<Family, double[]> answers, Map<Split, Integer> rows, Skill skill, Fault fault) {

    /** What is wrong with an owner's training samples. */
    enum Fault {
        NONE(""),
        /** Each answer is drawn anew from the owner's own frequencies: they stay, what they say about the picture goes. */
        SHUFFLED("; training answers shuffled"),
        /** Pictures are noise, and every question has the first answer of its pool. */
        NONSENSE("; training samples are nonsense");

        private final String text;

        Fault(String text) {
            this.text = text;
        }

        boolean touches(Split split) {
            return this != NONE && (split == Split.TRAIN || split == Split.VAL);
        }
    }

    Owner {
        answers = Map.copyOf(answers);
        rows = Map.copyOf(rows);
    }

    /** Place of a sample in the order of families: of one skill, every eighth. */
    int place(int index) {
        return skill == null ? index : Math.multiplyExact(index, Skill.values().length) + skill.ordinal();
    }

    /** What sets it apart, for people. */
    String text() {
        return shift.text() + (skill == null ? "" : "; questions of " + skill.text() + " only") + fault.text;
    }
}
