package org.fednano.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fednano.algorithm.ClientReport;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.Settings;
import org.fednano.spark.FakePassingLlm;
import org.fednano.spark.TinyCluster;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token-embedding rows are fetched once per client; prompts that are cut are counted per client. */
class KeptRowsTest {

    @TempDir
    Path folder;

    private final AtomicInteger rows = new AtomicInteger();
    private final Set<Integer> ids = ConcurrentHashMap.newKeySet();

    @BeforeEach
    void world() throws IOException {
        TinyModel.write(folder.resolve("model"), 3);
        TinyShards.write(folder.resolve("shards"), 3, 9, 5, 14);
    }

    /** Counts the rows that are asked for. */
    private final class FakeCountingLlm extends FakePassingLlm {

        FakeCountingLlm(FrozenLlm llm) {
            super(llm);
        }

        @Override
        public float[] embed(int[] asked) {
            rows.addAndGet(asked.length);
            IntStream.of(asked).forEach(ids::add);
            return super.embed(asked);
        }
    }

    private TinyCluster cluster(Settings settings) {
        rows.set(0);
        ids.clear();
        return new TinyCluster("local[2]", settings, FakeCountingLlm::new);
    }

    private void deleteFeatures() throws IOException {
        try (var paths = Files.walk(folder.resolve("shards/features"))) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void aSecondEncodingAndRoundsWithoutCacheFetchNothing() throws IOException {
        Settings settings = TinyCluster.settings(folder);
        float[] cached;
        try (TinyCluster cluster = cluster(settings)) {
            cached = cluster.train(2);
            assertTrue(rows.get() > 0);
            assertTrue(rows.get() <= 3 * ids.size(), "each client fetches a row once: " + rows + " of " + ids.size());
        }
        deleteFeatures();
        try (TinyCluster cluster = cluster(settings)) {
            assertEquals(3, cluster.cluster.encode().made().size());
            assertEquals(0, rows.get());
        }
        try (TinyCluster cluster = cluster(TinyCluster.settings(folder, "encoder.cache=off"))) {
            assertArrayEquals(cached, cluster.train(2));
            assertEquals(0, rows.get());
        }
    }

    @Test
    void newTokensFetchOnlyThose() {
        try (TinyCluster cluster = cluster(TinyCluster.settings(folder))) {
            cluster.cluster.encode();
        }
        Set<Integer> known = Set.copyOf(ids);
        Settings other = TinyCluster.settings(folder, "prompt.template={image} {question} 7 & 8");
        try (TinyCluster cluster = cluster(other)) {
            cluster.cluster.encode();
            assertTrue(ids.size() <= 3 && !ids.isEmpty(), ids.toString());
            assertTrue(ids.stream().noneMatch(known::contains), ids.toString());
            assertEquals(3 * ids.size(), rows.get());
        }
    }

    @Test
    void cutPromptsAreCountedPerClientWithAndWithoutCache() {
        Settings cut = TinyCluster.settings(folder, "prompt.max_tokens=12");
        try (TinyCluster cluster = cluster(cut)) {
            List<Survey.Cut> cuts = cluster.cluster.encode().cuts();
            assertEquals(
                    List.of("c001", "c002", "c003"),
                    cuts.stream().map(Survey.Cut::clientId).toList());
            assertTrue(
                    cuts.stream().allMatch(c -> c.prompts() >= 5 && !c.first().isEmpty()), cuts.toString());
            assertEquals(cuts, cluster.cluster.encode().cuts(), "told again by the features that are there");
            cluster.train(1);
            assertEquals(List.of(9L, 5L, 14L), reported(cluster));
        }
        try (TinyCluster cluster = cluster(TinyCluster.settings(folder, "prompt.max_tokens=12", "encoder.cache=off"))) {
            cluster.train(1);
            assertEquals(List.of(9L, 5L, 14L), reported(cluster));
        }
        try (TinyCluster cluster = cluster(TinyCluster.settings(folder))) {
            assertEquals(List.of(), cluster.cluster.encode().cuts());
        }
    }

    private static List<Long> reported(TinyCluster cluster) {
        return cluster.rounds.get(cluster.rounds.size() - 1).clients().stream()
                .collect(Collectors.toMap(
                        ClientReport::clientId, r -> r.metrics().cutPrompts(), (a, b) -> a, java.util.TreeMap::new))
                .values()
                .stream()
                .toList();
    }
}
