package org.fednano.iconworld;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Questions of one kind: they share a skill and a pool of answers. Most depend on colour, since the federations shift
 * colours.
 */
enum Family {
    COLOR_OF_SHAPE(Skill.COLOR, 6, Colour.NAMES, 0.5),
    SHAPE_OF_COLOR(Skill.SHAPE, 6, Figure.NAMES, 0.5),
    COUNT_COLOR(Skill.COUNT, 4, Pools.COUNTS, 0.4),
    COUNT_SHAPE(Skill.COUNT, 2, Pools.COUNTS, 0.4),
    COLOR_OF_SIZE(Skill.SIZE, 6, Colour.NAMES, 0.5),
    COLOR_AT_CORNER(Skill.POSITION, 3, Colour.NAMES, 0.5),
    SIDE(Skill.POSITION, 3, List.of("left", "right"), 1),
    MORE_COLOR(Skill.COMPARE, 4, List.of("yes", "no"), 1),
    MORE_SHAPE(Skill.COMPARE, 2, List.of("yes", "no"), 1),
    ODD_COLOR(Skill.ODD, 4, Colour.NAMES, 0.5),
    ODD_SHAPE(Skill.ODD, 2, Figure.NAMES, 0.5),
    NEXT_COLOR(Skill.PATTERN, 4, Colour.NAMES, 0.5),
    NEXT_SHAPE(Skill.PATTERN, 2, Figure.NAMES, 0.5);

    /** Constants that the values above need before the enum's own static fields exist. */
    private static final class Pools {
        /** Answers of counting questions; five things is what fits at a legible size. */
        static final List<String> COUNTS = List.of("1", "2", "3", "4");

        /** Sum of the weights in each skill. */
        static final int SLOTS = 6;
    }

    /**
     * Families by sample index: skills take turns, and within a skill each family comes as often as its weight says, so
     * that any stretch of samples holds every skill.
     */
    private static final List<Family> CYCLE = cycle();

    private final Skill skill;
    private final int weight;
    private final List<String> answers;
    private final double choiceShare;

    Family(Skill skill, int weight, List<String> answers, double choiceShare) {
        this.skill = skill;
        this.weight = weight;
        this.answers = answers;
        this.choiceShare = choiceShare;
    }

    Skill skill() {
        return skill;
    }

    /** Every answer that its questions may have. */
    List<String> answers() {
        return answers;
    }

    /** Share of its questions that are multiple choice; the others are free answers. */
    double choiceShare() {
        return choiceShare;
    }

    /** The family of the sample with that index. */
    static Family ofIndex(int index) {
        return CYCLE.get(index % CYCLE.size());
    }

    /** How many samples of this family come before the sample with that index. */
    int before(int index) {
        int full = index / CYCLE.size();
        return full * weight + Collections.frequency(CYCLE.subList(0, index % CYCLE.size()), this);
    }

    private static List<Family> cycle() {
        List<Family> cycle = new ArrayList<>();
        for (int turn = 0; turn < Pools.SLOTS; turn++) {
            for (Skill skill : Skill.values()) {
                List<Family> slots = Arrays.stream(values())
                        .filter(f -> f.skill == skill)
                        .flatMap(f -> Collections.nCopies(f.weight, f).stream())
                        .toList();
                cycle.add(slots.get(turn));
            }
        }
        return List.copyOf(cycle);
    }
}
