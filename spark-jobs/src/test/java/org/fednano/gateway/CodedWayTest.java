package org.fednano.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.adapter.AdapterInit;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.LocalTraining;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.method.FisherRule;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.sample.PromptFeatures;
import org.fednano.testing.TinyModel;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client's rounds by features and codes, over both hops: executor, gateway, endpoint. */
class CodedWayTest {

    private static final int ROWS = 12;
    private static final int TOKENS = 40;
    private static final int MESSAGE = 1 << 22;
    private static final OptimizerSpec SGD = new OptimizerSpec("sgd", 0.05, 0, 0, 0, 0, 0);

    @TempDir
    static Path folder;

    private static EmbeddedLlm llm;
    private static AdapterLayout layout;

    private final AtomicLong up = new AtomicLong();
    private final AtomicLong down = new AtomicLong();
    private LlmServer endpoint;

    @BeforeAll
    static void load() throws IOException {
        llm = EmbeddedLlm.open(HfModelFolder.open(TinyModel.write(folder.resolve("model"), 5)));
        layout = AdapterLayout.of("both", llm.info().hidden(), 2, 4);
    }

    @AfterAll
    static void unload() {
        llm.close();
    }

    @AfterEach
    void close() {
        endpoint.close();
    }

    private void serve(int port, long memory) {
        endpoint = LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1",
                                port,
                                "frozen_llm",
                                WireType.FP32,
                                new LlmInfo.Limits(8192, MESSAGE),
                                new LlmServer.Load(64, 1 << 26, 2))
                        .withFeatures(new FeatureStore.Limits(memory, 0, null, Duration.ofHours(1)))
                        .withListener(call -> {
                            up.addAndGet(call.requestBytes());
                            down.addAndGet(call.responseBytes());
                        }),
                Backend.of(llm));
    }

    private OipLlm connect(Wire wire) {
        return OipLlm.connect(OipOptions.to("grpc://127.0.0.1:" + endpoint.port())
                .withWire(wire)
                .withRetry(new OipOptions.Retry(8, Duration.ofMillis(20), Duration.ofMillis(100))));
    }

    private static Gateway gateway(FrozenLlm endpoint) {
        return gateway(endpoint, false);
    }

    private static Gateway gateway(FrozenLlm endpoint, boolean batching) {
        Gateway gateway = new Gateway(
                endpoint,
                new GatewayOptions(Duration.ofMinutes(5), 64 << 20, 2, batching, 4096, Duration.ofMillis(20)));
        gateway.listen(new GatewayNetwork(
                "127.0.0.1",
                0,
                "localhost",
                null,
                null,
                null,
                MESSAGE,
                new FeatureStore.Limits(1 << 20, 1 << 24, folder, Duration.ofHours(1))));
        return gateway;
    }

    private static ClientUpdate round(Gateway gateway, int round) {
        gateway.begin(Purpose.TRAIN, round, Set.of("a"));
        try (FrozenLlm client = gateway.address().open(gateway.pass(Purpose.TRAIN, round, "a"))) {
            return update(round, client);
        } finally {
            gateway.end(Purpose.TRAIN, round);
        }
    }

    private static ClientUpdate update(int round, FrozenLlm client) {
        return update(round, client, rows(7));
    }

    private static ClientUpdate update(int round, FrozenLlm client, ClientData rows) {
        return FedNano.clientUpdate(
                "a",
                new Round(
                        round,
                        layout,
                        AdapterInit.theta(layout, 5),
                        round,
                        new LocalTraining(2, 4, SGD, 1024, 2),
                        new FisherRule.AfterTraining(0)),
                rows,
                client);
    }

    private static ClientData rows(long seed) {
        Random random = new Random(seed);
        List<PromptFeatures> rows = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            int tokens = TOKENS - random.nextInt(8);
            float[] embeds = new float[tokens * layout.hidden()];
            for (int j = 0; j < embeds.length; j++) {
                embeds[j] = (float) random.nextGaussian();
            }
            byte[] modality = new byte[tokens];
            for (int t = 20; t < tokens; t++) {
                modality[t] = 1;
            }
            int[] answer = ConcurrentCallers.ids(random, 2, llm.info().vocabulary());
            rows.add(new PromptFeatures("s" + i, embeds, modality, answer, new int[0][], -1, "", ""));
        }
        return new ClientData() {
            @Override
            public int size() {
                return rows.size();
            }

            @Override
            public PromptFeatures row(int i) {
                return rows.get(i);
            }
        };
    }

    private static void same(ClientUpdate expected, ClientUpdate found) {
        close(expected.theta(), found.theta());
        close(expected.uploads().get(FisherRule.NAME), found.uploads().get(FisherRule.NAME));
    }

    private static void close(float[] expected, float[] found) {
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(expected, found, 1e-5f * largest);
    }

    @Test
    void featuresTravelOnceForAllRounds() {
        serve(0, 1 << 20);
        long first;
        try (OipLlm driver = connect(Wire.EMBEDDINGS);
                Gateway gateway = gateway(driver)) {
            long before = up.get() + down.get();
            for (int round = 1; round <= 3; round++) {
                same(update(round, llm), round(gateway, round));
            }
            first = up.get() + down.get() - before;
            assertEquals(0, driver.counters().featureBytes());
        }
        try (OipLlm driver = connect(Wire.CODES);
                Gateway gateway = gateway(driver)) {
            long before = up.get() + down.get();
            long features = 0;
            for (int round = 1; round <= 3; round++) {
                same(update(round, llm), round(gateway, round));
                features = round == 1 ? driver.counters().featureBytes() : features;
                assertEquals(features, driver.counters().featureBytes());
            }
            long second = up.get() + down.get() - before;
            assertTrue(features > 0 && features <= 4L * ROWS * TOKENS * (layout.hidden() + 1), "" + features);
            assertEquals(ROWS, endpoint.features().entries());
            assertTrue(3 * second < first, first + " bytes by embeddings, " + second + " by features and codes");
        }
        assertEquals(0, endpoint.features().entries());
    }

    /**
     * Clients whose calls are joined: each is counted the features of its own rows, again where the endpoint had let them go,
     * and all together what the endpoint was sent.
     */
    @Test
    void eachClientsFeaturesAreCountedAsItsOwn() {
        serve(0, 1 << 20);
        List<String> cohort = List.of("a", "b", "c1");
        try (OipLlm driver = connect(Wire.CODES);
                Gateway gateway = gateway(driver, true);
                ConcurrentCallers callers = new ConcurrentCallers()) {
            Map<String, Traffic> first = together(gateway, callers, cohort, 1);
            for (int i = 0; i < cohort.size(); i++) {
                Traffic of = first.get(cohort.get(i));
                assertEquals(featureBytes(rows(i)), of.uplinkFeatureBytes());
                assertTrue(of.uplinkCodeBytes() > 0);
                assertEquals(of.uplinkActivationBytes(), of.uplinkCodeBytes());
            }
            assertEquals(driver.counters().featureBytes(), sum(first));
            assertEquals(0, sum(together(gateway, callers, cohort, 2)));
            int port = endpoint.port();
            endpoint.close();
            serve(port, 20L * TOKENS * (4L * layout.hidden() + 20));
            long before = driver.counters().featureBytes();
            Map<String, Traffic> third = together(gateway, callers, cohort, 3);
            assertEquals(driver.counters().featureBytes() - before, sum(third));
            assertTrue(sum(third) > sum(first), "the store is too small for all rows");
            third.forEach((client, of) ->
                    assertTrue(of.uplinkFeatureBytes() >= featureBytes(rows(cohort.indexOf(client))), client));
        }
    }

    private static Map<String, Traffic> together(
            Gateway gateway, ConcurrentCallers callers, List<String> cohort, int round) {
        gateway.begin(Purpose.TRAIN, round, cohort);
        List<Future<ClientUpdate>> updates = new ArrayList<>();
        for (int i = 0; i < cohort.size(); i++) {
            String id = cohort.get(i);
            ClientData rows = rows(i);
            updates.add(callers.start(() -> {
                try (FrozenLlm client = gateway.address().open(gateway.pass(Purpose.TRAIN, round, id))) {
                    return update(round, client, rows);
                }
            }));
        }
        for (int i = 0; i < updates.size(); i++) {
            same(update(round, llm, rows(i)), ConcurrentCallers.get(updates.get(i)));
        }
        return gateway.end(Purpose.TRAIN, round);
    }

    private static long featureBytes(ClientData rows) {
        long bytes = 0;
        for (int i = 0; i < rows.size(); i++) {
            bytes += rows.row(i).tokens() * (4L * layout.hidden() + 1);
        }
        return bytes;
    }

    private static long sum(Map<String, Traffic> traffic) {
        return traffic.values().stream().mapToLong(Traffic::uplinkFeatureBytes).sum();
    }

    /** A restart, or a store too small for a batch, costs traffic and nothing else. */
    @Test
    void anEndpointThatForgetsCostsTrafficAlone() {
        serve(0, 1 << 20);
        try (OipLlm driver = connect(Wire.CODES);
                Gateway gateway = gateway(driver)) {
            same(update(1, llm), round(gateway, 1));
            long features = driver.counters().featureBytes();
            int port = endpoint.port();
            endpoint.close();
            serve(port, 1 << 20);
            same(update(2, llm), round(gateway, 2));
            assertEquals(2 * features, driver.counters().featureBytes());
            assertTrue(driver.counters().featureMisses() > 0);
            endpoint.close();
            serve(port, 2L * TOKENS * (4L * layout.hidden() + 20));
            same(update(3, llm), round(gateway, 3));
            endpoint.close();
            serve(port, 100);
            same(update(4, llm), round(gateway, 4));
        }
    }

    /** A pool of which one endpoint speaks the first version alone, and of which none does. */
    @Test
    void autoSendsEmbeddingsWhereCodesAreNotTaken() {
        serve(0, 0);
        try (OipLlm driver = connect(Wire.AUTO);
                Gateway gateway = gateway(driver)) {
            assertEquals(Wire.EMBEDDINGS, driver.wire());
            same(update(1, llm), round(gateway, 1));
            assertEquals(0, driver.counters().featureBytes());
        }
    }
}
