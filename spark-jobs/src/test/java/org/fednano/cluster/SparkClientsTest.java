package org.fednano.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.evaluation.EvaluateJob;
import org.fednano.features.EncoderCache;
import org.fednano.gateway.Traffic;
import org.fednano.llm.FrozenLlm;
import org.fednano.metrics.EvaluationRow;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.FakeTroubleLlm;
import org.fednano.spark.TinyCluster;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cluster side of the method, held to the plain loop. */
class SparkClientsTest {

    private static final int ROUNDS = 2;
    private static final UnaryOperator<FrozenLlm> AS_IT_IS = UnaryOperator.identity();

    @TempDir
    Path folder;

    @BeforeEach
    void world() throws IOException {
        TinyModel.write(folder.resolve("model"), 3);
        TinyShards.write(folder.resolve("shards"), 3, 9, 5, 14);
    }

    private float[] train(String master, Settings settings) {
        try (TinyCluster cluster = new TinyCluster(master, settings, AS_IT_IS)) {
            return cluster.train(ROUNDS);
        }
    }

    @Test
    void plainLoopAndEveryNumberOfTasksGiveTheSameBytes() {
        Settings settings = TinyCluster.settings(folder, "local.epochs=2");
        float[] plain = TinyCluster.plainLoop(settings, ROUNDS);
        assertArrayEquals(plain, train("local[1]", settings));
        assertArrayEquals(plain, train("local[2]", settings));
    }

    @Test
    void throughSocketsTheBytesAreTheSame() {
        float[] expected = train("local[2]", TinyCluster.settings(folder));
        assertArrayEquals(expected, train("local[2]", TinyCluster.settings(folder, "gateway.network=on")));
        Settings uncached = TinyCluster.settings(folder, "gateway.network=on", "encoder.cache=off");
        assertArrayEquals(expected, train("local[2]", uncached));
    }

    /** Spark itself would end the process, and every other test with it. */
    @Test
    void anErrorInATaskOfALocalRunEndsTheCallAndNotTheProcess() {
        for (Error error : List.of(new OutOfMemoryError("test"), new NoClassDefFoundError("a/B"))) {
            UnaryOperator<FrozenLlm> ill = llm -> new FakeTroubleLlm(llm, call -> {
                throw error;
            });
            try (TinyCluster cluster = new TinyCluster("local[2]", TinyCluster.settings(folder), ill)) {
                JobException e = assertThrows(JobException.class, () -> cluster.train(1));
                assertEquals(ExitStatus.FAILED, e.status());
                assertTrue(e.getMessage().contains(error.toString()), e.getMessage());
                assertTrue(cluster.rounds.isEmpty());
            }
        }
    }

    @Test
    void joinedBatchesChangeTheAdapterByRoundingOnly() {
        float[] expected = train("local[2]", TinyCluster.settings(folder));
        for (String network : List.of("auto", "on")) {
            Settings joined = TinyCluster.settings(folder, "gateway.batching=on", "gateway.network=" + network);
            assertArrayEquals(expected, train("local[3]", joined), 1e-5f, network);
        }
    }

    @Test
    void overTheNetworkADeadlineMakesAStragglerAndAnEndpointThatIsGoneEndsTheRun() {
        Settings late = TinyCluster.settings(
                folder, "gateway.network=on", "gateway.client_deadline=0s", "run.quorum=0", "encoder.cache=off");
        try (TinyCluster cluster = new TinyCluster("local[2]", late, AS_IT_IS)) {
            JobException e = assertThrows(JobException.class, () -> cluster.train(1));
            assertEquals(ExitStatus.QUORUM, e.status());
            assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
        }
        UnaryOperator<FrozenLlm> gone = llm -> new FakeTroubleLlm(llm, call -> {
            throw new JobException(ExitStatus.ENDPOINT_UNAVAILABLE, "None of the endpoints answered");
        });
        Settings settings = TinyCluster.settings(folder, "gateway.network=on", "run.quorum=0");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, gone)) {
            JobException e = assertThrows(JobException.class, () -> cluster.train(1));
            assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
            assertTrue(cluster.rounds.isEmpty());
        }
    }

    @Test
    void aGatewayThatExecutorsCannotReachEndsTheRun() {
        Settings settings =
                TinyCluster.settings(folder, "gateway.network=on", "gateway.host=no-such-host.invalid", "run.quorum=0");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            JobException e = assertThrows(JobException.class, () -> cluster.train(1));
            assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
            assertTrue(e.getMessage().contains("no-such-host.invalid"), e.getMessage());
        }
    }

    @Test
    void encodingInsideTheRoundGivesTheSameBytesAndBuildsTheEncoderOnce() {
        float[] cached = train("local[2]", TinyCluster.settings(folder));
        int before = EncoderCache.builds();
        Settings uncached = TinyCluster.settings(folder, "encoder.cache=off");
        assertArrayEquals(cached, train("local[2]", uncached));
        assertEquals(1, EncoderCache.builds() - before, "once per JVM, whatever the tasks and rounds");
    }

    @Test
    void soundFeaturesNeedNoEncoderAndDamagedOnesAreMadeAgain() throws IOException {
        Settings settings = TinyCluster.settings(folder);
        float[] first = train("local[2]", settings);
        try (TinyCluster again = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            assertArrayEquals(first, again.train(ROUNDS));
            assertFalse(again.cluster.encoderIsBroadcast());
        }
        damage("c002");
        try (TinyCluster repaired = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            assertEquals(List.of("c002"), repaired.cluster.encode().made());
            assertArrayEquals(first, repaired.train(ROUNDS));
        }
    }

    /** Changes one byte of a client's training features, and of the checksum file that would tell at once. */
    private void damage(String client) throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("shards/features"))) {
            for (Path file : files.filter(f -> f.toString().contains("client_id=" + client + "/split=train"))
                    .filter(Files::isRegularFile)
                    .toList()) {
                if (file.getFileName().toString().endsWith(".crc")) {
                    Files.delete(file);
                } else {
                    byte[] bytes = Files.readAllBytes(file);
                    bytes[200] ^= 1;
                    Files.write(file, bytes);
                }
            }
        }
    }

    @Test
    void aRoundIsOneJobWithOneStageAndOneTaskPerClient() {
        List<String> jobs = Collections.synchronizedList(new ArrayList<>());
        try (TinyCluster cluster = new TinyCluster("local[2]", TinyCluster.settings(folder), AS_IT_IS)) {
            cluster.cluster.prepare();
            cluster.spark.sparkContext().addSparkListener(new SparkListener() {
                @Override
                public void onJobStart(SparkListenerJobStart job) {
                    jobs.add(job.properties().getProperty("spark.job.description") + ": "
                            + job.stageInfos().size() + " stage, "
                            + job.stageInfos().head().numTasks() + " tasks");
                }
            });
            cluster.train(ROUNDS);
            Traffic traffic = cluster.cluster.clients().traffic().get("c002");
            assertEquals(2 * 5, traffic.samples(), "an epoch and the Fisher pass");
            assertTrue(traffic.uplinkActivationBytes() > traffic.downlinkGradientBytes(), "answers go up too");
        }
        assertEquals(
                List.of(
                        "FedNano round 1 · 3 clients: 1 stage, 3 tasks",
                        "FedNano round 2 · 3 clients: 1 stage, 3 tasks"),
                jobs);
    }

    @Test
    void aTaskThatIsTriedAgainGivesTheSameBytes() {
        Settings settings = TinyCluster.settings(folder);
        float[] expected = train("local[2]", settings);
        UnaryOperator<FrozenLlm> dying = llm -> new FakeTroubleLlm(llm, call -> {
            if (call == 4) {
                throw new AssertionError("the executor's own failure, not the client's");
            }
        });
        try (TinyCluster cluster = new TinyCluster("local[2,4]", settings, dying)) {
            assertArrayEquals(expected, cluster.train(ROUNDS));
        }
    }

    @Test
    void aRoundGoesOnWithoutAFailedClientIfTheQuorumHolds() throws IOException {
        Settings settings = TinyCluster.settings(folder, "run.quorum=0.6");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            cluster.cluster.prepare();
            damage("c003");
            cluster.trainUnchecked(1);
            assertEquals(2, cluster.rounds.get(0).count(Fate.MERGED));
            assertEquals(1, cluster.rounds.get(0).count(Fate.FAILED));
            assertTrue(cluster.rounds.get(0).clients().get(2).detail().contains("fednano encode"));
        }
    }

    @Test
    void withoutQuorumNothingIsCommitted() throws IOException {
        Settings settings = TinyCluster.settings(folder, "run.quorum=1.0");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            cluster.cluster.prepare();
            damage("c001");
            JobException e = assertThrows(JobException.class, () -> cluster.trainUnchecked(1));
            assertEquals(ExitStatus.QUORUM, e.status());
            assertTrue(cluster.rounds.isEmpty());
        }
    }

    @Test
    void aClientPastItsDeadlineIsAStraggler() {
        Settings settings = TinyCluster.settings(folder, "gateway.client_deadline=0s", "run.quorum=0");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            JobException e = assertThrows(JobException.class, () -> cluster.train(1));
            assertEquals(ExitStatus.QUORUM, e.status());
            assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
        }
    }

    @Test
    void aHangingClientIsCancelledAfterTheGraceAndTheOthersCount() {
        Settings settings =
                TinyCluster.settings(folder, "gateway.client_deadline=2s", "gateway.grace=300ms", "run.quorum=0.5");
        CountDownLatch never = new CountDownLatch(1);
        UnaryOperator<FrozenLlm> hanging = llm -> new FakeTroubleLlm(llm, call -> {
            if (call == 1) {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("cancelled", e);
                }
            }
        });
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, hanging)) {
            cluster.train(1);
            assertEquals(2, cluster.rounds.get(0).count(Fate.MERGED));
            assertEquals(1, cluster.rounds.get(0).count(Fate.MISSING));
        }
    }

    @Test
    void evaluationCountsEachClientsOwnRowsBesideTheMajorityAnswer() {
        EvaluateJob evaluation = zeroShot(TinyCluster.settings(folder));
        assertEquals(3 * 5 * 2, evaluation.predictions().size());
        assertTrue(evaluation.failures().isEmpty());
        for (String predictor : List.of(EvaluationRow.MODEL, EvaluationRow.MAJORITY)) {
            List<EvaluationRow> rows = evaluation.evaluations().stream()
                    .filter(r -> r.predictor().equals(predictor) && r.clientId().equals("c002"))
                    .toList();
            assertEquals(
                    List.of("", "colour", "naming"),
                    rows.stream().map(EvaluationRow::category).toList());
            assertEquals(5, rows.get(0).samples());
            assertEquals(
                    rows.get(0).correct(), rows.get(1).correct() + rows.get(2).correct());
        }
        assertEquals(
                evaluation.predictions(),
                zeroShot(TinyCluster.settings(folder, "encoder.cache=off")).predictions());
    }

    private static EvaluateJob zeroShot(Settings settings) {
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, AS_IT_IS)) {
            cluster.cluster.prepare();
            var plan = TinyCluster.plan(settings, cluster.cluster.federation().clientIds());
            return cluster.cluster.evaluate(
                    0, plan.layout(), new float[plan.layout().size()]);
        }
    }
}
