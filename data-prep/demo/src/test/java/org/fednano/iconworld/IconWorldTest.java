package org.fednano.iconworld;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

class IconWorldTest {

    private static IconWorld world(String name, String... sets) {
        List<String> all = new java.util.ArrayList<>(List.of("generate.world=" + name));
        all.addAll(List.of(sets));
        return IconWorld.of(Settings.load(List.of(), all));
    }

    @Test
    void aSampleDependsOnItsNameAloneNotOnTheOrderOfDrawing() {
        IconWorld world = world("control");
        Owner owner = world.owners().get(2);
        Painter painter = new Painter();
        Map<Integer, byte[]> forward = new HashMap<>();
        for (int i = 0; i < 50; i++) {
            forward.put(i, world.draw(owner, Split.TRAIN, i, painter).png());
        }
        for (int i = 49; i >= 0; i -= 3) {
            Problem again = world("control").draw(owner, Split.TRAIN, i, new Painter());
            assertArrayEquals(forward.get(i), again.png(), "sample " + i);
        }
        assertFalse(Arrays.equals(
                forward.get(0), world.draw(owner, Split.TEST, 0, painter).png()));
        assertFalse(Arrays.equals(
                forward.get(0),
                world("control", "generate.seed=2")
                        .draw(owner, Split.TRAIN, 0, painter)
                        .png()));
    }

    @Test
    void problemsAreConsistentInEveryWorld() {
        for (World kind : World.values()) {
            IconWorld world = world(kind.text());
            Painter painter = new Painter();
            for (Owner owner : world.owners()) {
                for (int i = 0; i < 96; i++) {
                    Problem p = world.draw(owner, Split.VAL, i, painter);
                    assertTrue(Family.ofIndex(owner.place(i)).answers().contains(p.answer()), p.toString());
                    if (p.task().equals(Problem.CHOOSE)) {
                        assertEquals(p.answer(), p.choices().get(p.answerIndex()));
                        assertEquals(
                                p.choices().size(),
                                p.choices().stream().distinct().count());
                        assertTrue(p.choices().size() >= 2 && p.choices().size() <= 4);
                    } else {
                        assertEquals(Problem.FILL, p.task());
                        assertEquals(-1, p.answerIndex());
                    }
                }
            }
        }
    }

    @Test
    void aNoisyClientsAnswersKeepTheirFrequenciesAndLoseTheirPictures() {
        IconWorld world = world("noisy");
        assertEquals(Owner.Fault.NONE, world.owners().get(1).fault());
        assertTrue(agreement(world, 0, Split.TRAIN) < 0.45); // by chance, of uneven frequencies
        assertEquals(1, agreement(world, 0, Split.TEST));
        assertEquals(1, agreement(world, 1, Split.TRAIN));
    }

    /** How often the answer is the one of the same sample drawn for an owner without a fault. */
    private static double agreement(IconWorld world, int client, Split split) {
        Owner owner = world.owners().get(client);
        Owner honest =
                new Owner(owner.id(), owner.shift(), owner.answers(), owner.rows(), owner.skill(), Owner.Fault.NONE);
        Painter painter = new Painter();
        int same = 0;
        int n = 0;
        for (int i = 0; i < 480; i++) {
            if (Family.ofIndex(i).answers().size() >= 6) { // many answers: chance agrees seldom
                n++;
                same += world.draw(owner, split, i, painter)
                                .answer()
                                .equals(world.draw(honest, split, i, painter).answer())
                        ? 1
                        : 0;
            }
        }
        return (double) same / n;
    }

    @Test
    void oddClientsAreOddAndTheOthersAreNot() {
        assertEquals(600, world("noisy-big").owners().get(0).rows().get(Split.TRAIN));
        assertEquals(8, world("tiny").owners().get(0).rows().get(Split.TRAIN));
        for (String name : List.of("noisy-big", "tiny", "unseen")) {
            assertEquals(
                    2000,
                    world(name).owners().stream()
                            .mapToInt(o -> o.rows().get(Split.TRAIN))
                            .sum());
        }
        List<Owner> unseen = world("unseen").owners();
        assertEquals(7, unseen.size());
        for (Owner owner : unseen.subList(5, 7)) {
            assertEquals(0, owner.rows().get(Split.TRAIN) + owner.rows().get(Split.VAL));
            assertEquals(100, owner.rows().get(Split.TEST));
        }
        List<Owner> cluster = world("cluster").owners();
        assertEquals(cluster.get(0).shift(), cluster.get(2).shift());
        assertEquals(cluster.get(3).shift(), cluster.get(4).shift());
        assertNotEquals(cluster.get(0).shift(), cluster.get(4).shift());
        List<Owner> misfit = world("misfit").owners();
        assertTrue(misfit.get(0).shift().noise() > 100);
        assertEquals(0, misfit.get(1).shift().noise());
    }

    @Test
    void eachClientOfTasksAsksForASkillOfItsOwn() {
        IconWorld world = world("tasks");
        Painter painter = new Painter();
        for (int k = 0; k < world.owners().size(); k++) {
            for (int i = 0; i < 20; i++) {
                assertEquals(
                        Skill.values()[k],
                        world.draw(world.owners().get(k), Split.BALANCED, i, painter)
                                .skill());
            }
        }
    }

    @Test
    void aBrokenClientTrainsOnNonsense() {
        IconWorld world = world("broken");
        Painter painter = new Painter();
        for (int i = 0; i < 48; i++) {
            Problem p = world.draw(world.owners().get(0), Split.TRAIN, i, painter);
            List<String> pool = Family.ofIndex(i).answers();
            assertEquals(pool.get(0), p.answer());
        }
        assertEquals(1, agreement(world, 0, Split.TEST));
    }

    @Test
    void aWorldThatSetsOneClientAgainstOthersNeedsOthers() {
        JobException alone = assertThrows(JobException.class, () -> world("noisy", "generate.clients=1"));
        assertEquals(ExitStatus.USAGE, alone.status());
        assertTrue(alone.getMessage().contains("generate.clients >= 2"), alone.getMessage());
        JobException few = assertThrows(JobException.class, () -> world("tiny", "generate.train=10"));
        assertTrue(few.getMessage().contains("none are left"), few.getMessage());
    }

    @Test
    void everySkillComesEquallyOften() {
        Map<Skill, Integer> counts = new HashMap<>();
        for (int i = 0; i < 96; i++) {
            counts.merge(Family.ofIndex(i).skill(), 1, Integer::sum);
        }
        assertEquals(Skill.values().length, counts.size());
        assertTrue(Skill.values().length >= 8);
        counts.forEach((skill, n) -> assertEquals(12, n, skill.text()));
    }

    @Test
    void balancedAnswersAreEquallyFrequentThoughTheClientIsSkewed() {
        IconWorld world = world("shared", "generate.answer_alpha=0.05");
        Painter painter = new Painter();
        Map<Family, Map<String, Integer>> counts = new HashMap<>();
        int samples = 48 * 12; // a multiple of every pool's size for every family
        for (int i = 0; i < samples; i++) {
            Problem p = world.draw(world.owners().get(0), Split.BALANCED, i, painter);
            counts.computeIfAbsent(Family.ofIndex(i), f -> new HashMap<>()).merge(p.answer(), 1, Integer::sum);
        }
        counts.forEach((family, answers) -> {
            assertEquals(family.answers().size(), answers.size(), family.name());
            assertEquals(1, answers.values().stream().distinct().count(), family + " " + answers);
        });
    }

    @Test
    void answersFollowTheClientsOwnFrequencies() {
        IconWorld world = world("shared", "generate.answer_alpha=0.3");
        Painter painter = new Painter();
        Owner owner = world.owners().get(1);
        double[] p = owner.answers().get(Family.COLOR_OF_SIZE);
        double[] seen = new double[p.length];
        int n = 0;
        for (int i = 0; i < 48 * 60; i++) {
            if (Family.ofIndex(i) == Family.COLOR_OF_SIZE) {
                seen[
                        Family.COLOR_OF_SIZE
                                .answers()
                                .indexOf(world.draw(owner, Split.TRAIN, i, painter)
                                        .answer())]++;
                n++;
            }
        }
        for (int a = 0; a < p.length; a++) {
            assertEquals(p[a], seen[a] / n, 0.09, "answer " + a);
        }
        assertFalse(Arrays.equals(p, world.owners().get(0).answers().get(Family.COLOR_OF_SIZE)));
    }

    @Test
    void onlySharedAndControlSkewAnswers() {
        assertUniform(world("base"), true);
        assertUniform(world("conflict"), true);
        assertUniform(world("shared"), false);
        assertUniform(world("control"), false);
    }

    private static void assertUniform(IconWorld world, boolean expected) {
        double[] p = world.owners().get(0).answers().get(Family.ODD_COLOR);
        assertEquals(
                expected,
                Arrays.stream(p).allMatch(x -> x == p[0]),
                world.world().text());
    }

    @Test
    void sizesAreUnequalAddUpAndKeepAMinimum() {
        IconWorld world = world("shared", "generate.train=1003", "generate.clients=7", "generate.size_alpha=0.1");
        List<Integer> sizes =
                world.owners().stream().map(o -> o.rows().get(Split.TRAIN)).toList();
        assertEquals(1003, sizes.stream().mapToInt(Integer::intValue).sum());
        assertTrue(sizes.stream().allMatch(n -> n >= 1003 / 35), sizes.toString());
        assertNotEquals(1, sizes.stream().distinct().count());
    }

    @Test
    void theBaseWorldHasOneOwnerAndNoShift() {
        IconWorld world = world("base", "generate.train=10");
        assertEquals(1, world.owners().size());
        assertEquals(Shift.NONE, world.owners().get(0).shift());
        assertEquals(10, world.owners().get(0).rows().get(Split.TRAIN));
    }

    @Test
    void conflictClientsDiffer() {
        IconWorld world = world("conflict");
        assertEquals(5, world.owners().stream().map(Owner::shift).distinct().count());
    }

    @Test
    void fewerSamplesThanClientsIsWrongUsage() {
        JobException e = assertThrows(JobException.class, () -> world("shared", "generate.train=4"));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(DataKeys.GENERATE_TRAIN.key()), e.getMessage());
    }
}
