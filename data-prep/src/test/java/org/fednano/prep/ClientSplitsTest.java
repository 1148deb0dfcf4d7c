package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

class ClientSplitsTest {

    private static List<Accepted> samples(int n) {
        List<Accepted> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Split split = i % 5 == 4 ? Split.TEST : Split.TRAIN;
            String answer = List.of("red", "green", "blue", "4").get(i * 7 % 4);
            all.add(new Accepted(
                    "s" + i,
                    split,
                    "o" + i % 3,
                    "q",
                    "",
                    List.of(),
                    answer,
                    -1,
                    "fill_in_blank",
                    "color",
                    "grade " + i % 6,
                    List.of(RawMedium.file("image", "a/" + i + "/b")),
                    "a/" + i));
        }
        return all;
    }

    private static SortedMap<String, List<Accepted>> assign(List<Accepted> samples, String... sets) {
        return new ClientSplits(Settings.load(List.of(), List.of(sets)), ClientSplitsTest::byNumber).assign(samples);
    }

    /** Stands for clusters of pictures: odd numbers have none, every fourth is of the first cluster. */
    private static Map<String, Integer> byNumber(List<Accepted> samples, int clusters) {
        Map<String, Integer> found = new HashMap<>();
        for (Accepted sample : samples) {
            int number = Integer.parseInt(sample.id().substring(1));
            if (number % 2 == 0) {
                found.put(sample.id(), number / 2 % clusters);
            }
        }
        return found;
    }

    @Test
    void everySampleHasExactlyOneClientAndOrderNeverMatters() {
        for (String mode : List.of("owner", "column", "iid", "dirichlet", "categories", "clusters")) {
            List<Accepted> samples = samples(200);
            var shards = assign(samples, "prepare.split=" + mode, "prepare.clients=4");
            Set<String> ids = new HashSet<>();
            shards.values().forEach(rows -> rows.forEach(s -> assertTrue(ids.add(s.id()))));
            assertEquals(200, ids.size());
            shards.values()
                    .forEach(rows -> assertEquals(
                            rows.stream().map(Accepted::id).sorted().toList(),
                            rows.stream().map(Accepted::id).toList()));
            List<Accepted> shuffled = new ArrayList<>(samples);
            Collections.shuffle(shuffled, new Random(5));
            assertEquals(shards, assign(shuffled, "prepare.split=" + mode, "prepare.clients=4"), mode);
        }
    }

    @Test
    void ownersKeepTheirOwn() {
        var shards = assign(samples(30), "prepare.split=owner");
        assertEquals(List.of("o0", "o1", "o2"), List.copyOf(shards.keySet()));
        shards.forEach((client, rows) -> rows.forEach(s -> assertEquals(client, s.owner())));
    }

    @Test
    void iidSharesEachSplitEvenly() {
        var shards = assign(samples(200), "prepare.split=iid", "prepare.clients=7");
        for (Split split : List.of(Split.TRAIN, Split.TEST)) {
            var sizes = shards.values().stream()
                    .mapToLong(rows ->
                            rows.stream().filter(s -> s.split() == split).count())
                    .summaryStatistics();
            assertTrue(sizes.getMax() - sizes.getMin() <= 1, split + " " + sizes);
        }
        assertEquals("c007", shards.lastKey());
        assertNotEquals(shards, assign(samples(200), "prepare.split=iid", "prepare.clients=7", "prepare.seed=2"));
    }

    @Test
    void smallAlphaSkewsTheAnswers() {
        assertTrue(meanTopShare("0.05") > 0.65, "alpha 0.05: " + meanTopShare("0.05"));
        assertTrue(meanTopShare("1000") < 0.40, "alpha 1000: " + meanTopShare("1000"));
    }

    private static double meanTopShare(String alpha) {
        var shards = assign(
                samples(2000), "prepare.split=dirichlet", "prepare.clients=5", "prepare.dirichlet_alpha=" + alpha);
        return shards.values().stream()
                .mapToDouble(rows -> rows.stream()
                                .collect(java.util.stream.Collectors.groupingBy(
                                        Accepted::answer, java.util.stream.Collectors.counting()))
                                .values()
                                .stream()
                                .mapToLong(Long::longValue)
                                .max()
                                .orElseThrow()
                        / (double) rows.size())
                .average()
                .orElseThrow();
    }

    @Test
    void dirichletMeetsTheMinimumIfItCan() {
        var shards = assign(
                samples(200),
                "prepare.split=dirichlet",
                "prepare.clients=5",
                "prepare.dirichlet_alpha=0.3",
                "prepare.min_samples=8");
        shards.forEach((client, rows) ->
                assertTrue(rows.stream().filter(s -> s.split() == Split.TRAIN).count() >= 8, client));
    }

    @Test
    void clientsHoldAFixedNumberOfCategories() {
        for (int clients : List.of(2, 3, 4, 7)) {
            var shards = assign(
                    samples(400),
                    "prepare.split=categories",
                    "prepare.split_column=answer",
                    "prepare.categories_per_client=2",
                    "prepare.clients=" + clients);
            assertEquals(clients, shards.size());
            Set<String> all = new HashSet<>();
            shards.forEach((client, rows) -> {
                Set<String> own =
                        new HashSet<>(rows.stream().map(Accepted::answer).toList());
                assertEquals(2, own.size(), client);
                all.addAll(own);
            });
            assertEquals(4, all.size(), "every category has a holder");
        }
        refused(
                ExitStatus.USAGE,
                "from 4 to 4",
                samples(40),
                "prepare.split=categories",
                "prepare.clients=1",
                "prepare.categories_per_client=2");
        refused(
                ExitStatus.USAGE,
                "from 1 to 4",
                samples(40),
                "prepare.split=categories",
                "prepare.categories_per_client=5");
    }

    @Test
    void anyColumnNamesClients() {
        var shards = assign(samples(60), "prepare.split=column", "prepare.split_column=grade");
        assertEquals(6, shards.size());
        shards.forEach((client, rows) -> {
            assertTrue(client.matches("grade-[0-9]-[0-9a-f]{8}"), client);
            assertEquals(1, rows.stream().map(Accepted::column).distinct().count());
        });
        assertEquals(
                Set.of("color"),
                assign(samples(60), "prepare.split=column", "prepare.split_column=category")
                        .keySet());
    }

    @Test
    void samplesWithoutPicturesAreDealtEvenlyOverClusters() {
        var shards = assign(samples(240), "prepare.split=clusters", "prepare.clients=3");
        shards.values().forEach(rows -> assertEquals(80, rows.size(), 2));
    }

    @Test
    void emptyClientsAreRefused() {
        refused(ExitStatus.USAGE, "prepare.clients", samples(5), "prepare.split=iid", "prepare.clients=9");
        refused(ExitStatus.USAGE, "dirichlet_alpha", samples(5), "prepare.split=dirichlet", "prepare.clients=9");
        List<Accepted> testOnly =
                samples(5).stream().filter(s -> s.split() == Split.TEST).toList();
        refused(ExitStatus.BAD_INPUT, "client o1 got 0", testOnly, "prepare.split=owner");
    }

    private static void refused(ExitStatus status, String text, List<Accepted> samples, String... sets) {
        JobException e = assertThrows(JobException.class, () -> assign(samples, sets));
        assertEquals(status, e.status(), e.getMessage());
        assertTrue(e.getMessage().contains(text), e.getMessage());
    }
}
