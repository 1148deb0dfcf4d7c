package org.fednano.iconworld;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.fednano.random.SplitMix64;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Looks at each scene as a reader of the question would, and must find the answer that it was built for. */
class PuzzlesTest {

    private static final int TRIES = 300;

    @ParameterizedTest
    @EnumSource(Family.class)
    void theSceneAnswersTheQuestion(Family family) {
        for (int i = 0; i < TRIES; i++) {
            int answer = i % family.answers().size();
            Puzzle puzzle = Puzzles.make(family, answer, SplitMix64.of(i, family.name()));
            assertEquals(family.answers().get(answer), solve(family, puzzle), () -> puzzle.toString());
        }
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void scenesAreLegible(Family family) {
        for (int i = 0; i < TRIES; i++) {
            int answer = i % family.answers().size();
            Puzzle puzzle = Puzzles.make(family, answer, SplitMix64.of(i, family.name()));
            assertTrue(puzzle.things().size() <= 5 && !puzzle.things().isEmpty(), puzzle.toString());
            assertTrue(puzzle.question().split(" ").length <= 10, puzzle.question());
            assertTrue(family.answers().containsAll(puzzle.tempting()), puzzle.toString());
            assertFalse(puzzle.tempting().contains(family.answers().get(answer)), puzzle.toString());
            for (Thing t : puzzle.things()) {
                assertTrue(t.size() >= 10, t.toString());
                var box = t.figure().outline(t.x(), t.y(), t.size()).getBounds2D();
                assertTrue(
                        box.getMinX() >= -1.5
                                && box.getMinY() >= -1.5
                                && box.getMaxX() <= Puzzles.SIDE + 1.5
                                && box.getMaxY() <= Puzzles.SIDE + 1.5,
                        t + " leaves the picture: " + box);
            }
            for (Thing a : puzzle.things()) {
                for (Thing b : puzzle.things()) {
                    double apart = Math.max(Math.abs(a.x() - b.x()), Math.abs(a.y() - b.y()));
                    assertTrue(a == b || apart >= (a.size() + b.size()) / 2, a + " covers " + b);
                }
            }
        }
    }

    private static String solve(Family family, Puzzle puzzle) {
        List<Thing> things = puzzle.things();
        String q = puzzle.question().toLowerCase(java.util.Locale.ROOT).replace("?", "");
        return switch (family) {
            case COLOR_OF_SHAPE -> only(things, t -> q.contains(t.figure().text()))
                    .colour()
                    .text();
            case SHAPE_OF_COLOR -> only(things, t -> q.contains(t.colour().text()))
                    .figure()
                    .text();
            case COUNT_COLOR -> "" + count(things, t -> t.colour() == colours(q).get(0));
            case COUNT_SHAPE -> "" + count(things, t -> t.figure() == figures(q).get(0));
            case COLOR_OF_SIZE -> {
                var bySize = Comparator.comparingDouble(Thing::size);
                yield (q.contains("big")
                                ? things.stream().max(bySize)
                                : things.stream().min(bySize))
                        .orElseThrow()
                        .colour()
                        .text();
            }
            case COLOR_AT_CORNER -> only(
                            things,
                            t -> q.contains((t.y() < 24 ? "top " : "bottom ") + (t.x() < 24 ? "left" : "right")))
                    .colour()
                    .text();
            case SIDE -> {
                Thing first = only(things, t -> t.colour() == colours(q).get(0));
                Thing second = only(things, t -> t.colour() == colours(q).get(1));
                yield first.x() < second.x() ? "left" : "right";
            }
            case MORE_COLOR -> more(
                    count(things, t -> t.colour() == colours(q).get(0)),
                    count(things, t -> t.colour() == colours(q).get(1)));
            case MORE_SHAPE -> more(
                    count(things, t -> t.figure() == figures(q).get(0)),
                    count(things, t -> t.figure() == figures(q).get(1)));
            case ODD_COLOR -> only(things, t -> count(things, o -> o.colour() == t.colour()) == 1)
                    .colour()
                    .text();
            case ODD_SHAPE -> only(things, t -> count(things, o -> o.figure() == t.figure()) == 1)
                    .figure()
                    .text();
            case NEXT_COLOR -> alternates(things).colour().text();
            case NEXT_SHAPE -> alternates(things).figure().text();
        };
    }

    private static Thing only(List<Thing> things, Predicate<Thing> which) {
        List<Thing> found = things.stream().filter(which).toList();
        assertEquals(1, found.size(), () -> "exactly one thing can be meant: " + things);
        return found.get(0);
    }

    private static long count(List<Thing> things, Predicate<Thing> which) {
        return things.stream().filter(which).count();
    }

    private static String more(long first, long second) {
        assertTrue(first != second);
        return first > second ? "yes" : "no";
    }

    /** The last but one is what comes next, if the row alternates. */
    private static Thing alternates(List<Thing> things) {
        List<Thing> row =
                things.stream().sorted(Comparator.comparingDouble(Thing::x)).toList();
        for (int i = 2; i < row.size(); i++) {
            assertEquals(row.get(i - 2).colour(), row.get(i).colour());
            assertEquals(row.get(i - 2).figure(), row.get(i).figure());
        }
        return row.get(row.size() - 2);
    }

    private static List<Colour> colours(String question) {
        return words(question, Colour.values(), Colour::text);
    }

    private static List<Figure> figures(String question) {
        return words(question, Figure.values(), Figure::plural);
    }

    private static <E> List<E> words(String question, E[] values, java.util.function.Function<E, String> name) {
        return Stream.of(question.split(" "))
                .flatMap(w -> Arrays.stream(values).filter(v -> name.apply(v).equals(w)))
                .toList();
    }
}
