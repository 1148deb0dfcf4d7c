package org.fednano.prep.split;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.source.RawMedium;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

class ClientSplitsTest {

    private static List<RawSample> samples(int n) {
        List<RawSample> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Split split = i % 5 == 4 ? Split.TEST : Split.TRAIN;
            String answer = List.of("red", "green", "blue", "4").get(i * 7 % 4);
            all.add(new RawSample(
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
                    i % 2 == 0 ? List.of(RawMedium.file("image", "a/" + i + "/b")) : List.of(), // odd ones have none
                    "a/" + i));
        }
        return all;
    }

    /** Does with lists what the job does with Spark. */
    private static SortedMap<String, List<RawSample>> assign(List<RawSample> samples, String... sets) {
        ClientSplits splits = new ClientSplits(Settings.load(List.of(), List.of(sets)));
        SortedMap<String, long[]> rows = new TreeMap<>();
        samples.forEach(s -> rows.computeIfAbsent(splits.group(s), g -> new long[4])[
                s.split().ordinal()]++);
        ClientAssignment assignment = splits.assign(rows, splits.clusters() == 0 ? null : byNumber(samples, splits));
        SortedMap<String, List<RawSample>> shards = new TreeMap<>();
        assignment.clients().forEach(client -> shards.put(client, new ArrayList<>()));
        Map<String, long[]> ranks = new HashMap<>();
        samples.stream()
                .sorted(Comparator.comparingLong((RawSample s) -> splits.drawKey(s.id()))
                        .thenComparing(RawSample::id))
                .forEach(s -> {
                    long rank = ranks.computeIfAbsent(splits.group(s), g -> new long[4])[
                            s.split().ordinal()]++;
                    int client = assignment.client(number(s), splits.group(s), s.split(), rank);
                    shards.get(assignment.clients().get(client)).add(s);
                });
        shards.values().forEach(list -> list.sort(Comparator.comparing(RawSample::id)));
        for (int k = 0; k < assignment.clients().size(); k++) {
            for (Split split : Split.values()) {
                long counted = shards.get(assignment.clients().get(k)).stream()
                        .filter(s -> s.split() == split)
                        .count();
                assertEquals(counted, assignment.count(k, split), "what is counted is what is dealt");
            }
        }
        return shards;
    }

    private static int number(RawSample sample) {
        return Integer.parseInt(sample.id().substring(1));
    }

    /** Stands for clusters of images: every fourth sample with one is of the first cluster. */
    private static ImageClusters.Found byNumber(List<RawSample> samples, ClientSplits splits) {
        List<RawSample> shown = samples.stream()
                .filter(s -> s.image().isPresent())
                .sorted(Comparator.comparingInt(ClientSplitsTest::number))
                .toList();
        long[] positions = shown.stream().mapToLong(ClientSplitsTest::number).toArray();
        int[] clusters =
                shown.stream().mapToInt(s -> number(s) / 2 % splits.clusters()).toArray();
        byte[] ordinals = new byte[shown.size()];
        for (int i = 0; i < ordinals.length; i++) {
            ordinals[i] = (byte) shown.get(i).split().ordinal();
        }
        return new ImageClusters.Found(positions, clusters, ordinals);
    }

    @Test
    void everySampleHasExactlyOneClientAndOrderNeverMatters() {
        for (String mode : List.of("owner", "column", "iid", "dirichlet", "categories", "clusters")) {
            List<RawSample> samples = samples(200);
            var shards = assign(samples, "prepare.split=" + mode, "prepare.clients=4");
            Set<String> ids = new HashSet<>();
            shards.values().forEach(rows -> rows.forEach(s -> assertTrue(ids.add(s.id()))));
            assertEquals(200, ids.size());
            shards.values()
                    .forEach(rows -> assertEquals(
                            rows.stream().map(RawSample::id).sorted().toList(),
                            rows.stream().map(RawSample::id).toList()));
            List<RawSample> shuffled = new ArrayList<>(samples);
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
                                        RawSample::answer, java.util.stream.Collectors.counting()))
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
                        new HashSet<>(rows.stream().map(RawSample::answer).toList());
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
            assertEquals(1, rows.stream().map(RawSample::column).distinct().count());
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
        List<RawSample> testOnly =
                samples(5).stream().filter(s -> s.split() == Split.TEST).toList();
        refused(ExitStatus.BAD_INPUT, "client o1 got 0", testOnly, "prepare.split=owner");
    }

    private static void refused(ExitStatus status, String text, List<RawSample> samples, String... sets) {
        JobException e = assertThrows(JobException.class, () -> assign(samples, sets));
        assertEquals(status, e.status(), e.getMessage());
        assertTrue(e.getMessage().contains(text), e.getMessage());
    }
}
