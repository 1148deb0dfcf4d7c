package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.run.ExecutorOptions;
import org.fednano.run.JobSession;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands against an endpoint of others: over gRPC, in this process. */
class EndpointRunTest {

    private static final LlmServer.Options OPTIONS = LlmServer.Options.on(
            "127.0.0.1",
            0,
            "frozen_llm",
            WireType.FP32,
            new LlmInfo.Limits(8192, 64 << 20),
            new LlmServer.Load(64, 64 << 20, 2));

    @TempDir
    Path folder;

    private String output;
    private String errors;

    @BeforeEach
    void world() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        System.setProperty("spark.driver.host", "localhost");
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 9, 5, 12);
    }

    @AfterEach
    void clear() {
        List.of("spark.master", "spark.ui.enabled", "spark.driver.host").forEach(System::clearProperty);
    }

    private int train(String run, String model, String... more) {
        return command("train", run, model, more);
    }

    private int command(String command, String run, String model, String... more) {
        List<String> sets = new ArrayList<>(List.of(
                "model.dir=" + folder.resolve(model),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve(run),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "run.id=" + run,
                "run.rounds=1",
                "adapter.rank=2",
                "engine.threads=1",
                "llm.tries=2",
                "llm.backoff=10ms",
                "local.batch_size=4"));
        sets.addAll(List.of(more));
        CommandResult ran = CommandResult.command(command, sets);
        output = ran.output();
        errors = ran.errors();
        return ran.status();
    }

    private byte[] adapter(String run) throws IOException {
        return Files.readAllBytes(folder.resolve(run + "/rounds/00001/adapter.safetensors"));
    }

    /** The model's folder as a client of an endpoint needs it: no tensor of the decoder. */
    private void withoutDecoder(HfModelFolder model) throws IOException {
        Path client = Files.createDirectory(folder.resolve("client"));
        for (String file : List.of("config.json", "tokenizer.json", "preprocessor_config.json")) {
            Files.copy(model.folder().resolve(file), client.resolve(file));
        }
        SafeTensorsWriter.write(
                client.resolve("model.safetensors"),
                VisionTensors.of(VisionConfig.of(model.config()), model).tensors(),
                Map.of());
    }

    @Test
    void throughAnEndpointTheBytesAreThoseOfTheEmbeddedLlm() throws IOException {
        HfModelFolder model = HfModelFolder.open(folder.resolve("model"));
        withoutDecoder(model);
        assertEquals(0, train("embedded", "model"), () -> errors);
        try (FrozenLlm llm = EmbeddedLlm.open(model);
                LlmServer server = serve(llm)) {
            String endpoints = "llm.endpoints=[\"grpc://127.0.0.1:" + server.port() + "\"]";
            assertEquals(0, train("wire", "client", endpoints), () -> errors);
            assertArrayEquals(adapter("embedded"), adapter("wire"));
            assertEquals(0, train("both", "client", endpoints, "gateway.network=on"), () -> errors);
            assertArrayEquals(adapter("embedded"), adapter("both"));
        }
    }

    /** By its arithmetic {@code auto} looks at each batch's shapes, at the run's rounds, and at its evaluations. */
    @Test
    void autoCountsTheRoundsAndTheEvaluations() throws IOException {
        Set<String> asked = ConcurrentHashMap.newKeySet();
        try (FrozenLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder.resolve("model")));
                LlmServer server = LlmServer.start(withFeatures(asked), Backend.of(llm))) {
            String[] auto = {"llm.endpoints=[\"grpc://127.0.0.1:" + server.port() + "\"]", "llm.wire=auto", "", "", ""};
            assertEquals(Set.of("loss_grad2"), asked(asked, auto, "once", 2, 1, 0));
            assertEquals(Set.of("loss_grad2", "score2"), asked(asked, auto, "evaluated", 2, 1, 1));
            asked.clear();
            assertEquals(
                    0, command("evaluate", "evaluated", "model", auto[0], auto[1], "adapter.rank=2"), () -> errors);
            asked.retainAll(CALLS);
            assertEquals(Set.of("score"), asked, "one look never pays");
            // 7/16 of the embeddings, and some for W_up: more than half, less than four fifths.
            assertEquals(Set.of("score"), asked(asked, auto, "short", 7, 1, 1));
            assertEquals(Set.of("loss_grad2", "score2"), asked(asked, auto, "long", 7, 4, 1));
        }
    }

    /** Without loss_grad, which the hand-shake asks for. */
    private static final Set<String> CALLS = Set.of("loss_grad2", "score", "score2");

    private Set<String> asked(Set<String> asked, String[] auto, String run, int rank, int rounds, int every) {
        asked.clear();
        auto[2] = "adapter.rank=" + rank;
        auto[3] = "run.rounds=" + rounds;
        auto[4] = "eval.every=" + every;
        assertEquals(0, train(run, "model", auto), () -> errors);
        asked.retainAll(CALLS);
        return asked;
    }

    /** Losses and accuracies of a run, round by round, however its prompts travel. */
    @Test
    void codesLearnAsEmbeddingsDo() throws IOException {
        try (FrozenLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder.resolve("model")));
                LlmServer server = LlmServer.start(withFeatures(ConcurrentHashMap.newKeySet()), Backend.of(llm))) {
            List<List<String>> curves = new ArrayList<>();
            for (String wire : List.of("1", "2")) {
                String endpoints = "llm.endpoints=[\"grpc://127.0.0.1:" + server.port() + "\"]";
                assertEquals(
                        0, train("wire" + wire, "model", endpoints, "llm.wire=" + wire, "run.rounds=5"), () -> errors);
                curves.add(output.lines()
                        .filter(line -> line.matches("(zero-shot  acc|round +[0-9]+/).*"))
                        .map(line -> line.replaceAll("  uplink .*", ""))
                        .toList());
            }
            assertEquals(6, curves.get(0).size(), output);
            assertTrue(curves.get(0).get(5).matches("round +5/5 .* loss .* accuracy .*"), curves.toString());
            assertEquals(curves.get(0), curves.get(1));
        }
    }

    /** @param asked takes every operation's name */
    private static LlmServer.Options withFeatures(Set<String> asked) {
        return OPTIONS.withFeatures(new FeatureStore.Limits(1 << 24, 0, null, Duration.ofHours(1)))
                .withListener(call -> asked.add(call.op()));
    }

    /** Whatever becomes of its evaluation, a merged round stays; the evaluation is made up for, once. */
    @Test
    void anEndpointThatGoesAwayDuringEvaluationCostsNoTraining() throws IOException {
        HfModelFolder model = HfModelFolder.open(folder.resolve("model"));
        try (FakeFailingScores llm = new FakeFailingScores(EmbeddedLlm.open(model));
                LlmServer server = serve(llm)) {
            String endpoints = "llm.endpoints=[\"grpc://127.0.0.1:" + server.port() + "\"]";
            assertEquals(0, train("undisturbed", "model", endpoints), () -> errors);

            llm.failing = true;
            assertEquals(5, train("run", "model", endpoints));
            assertTrue(errors.contains("Round 0 is committed; its evaluation failed"), errors);
            assertTrue(Files.exists(folder.resolve("run/rounds/00000/commit.json")));
            int ofAnEvaluation = scoresOfAnEvaluation(llm, endpoints);
            llm.failAfter = llm.scores.get() + ofAnEvaluation;
            assertEquals(5, train("run", "model", endpoints));
            assertTrue(errors.contains("Round 1 is committed; its evaluation failed"), errors);
            assertArrayEquals(adapter("undisturbed"), adapter("run"));
            assertFalse(Files.exists(folder.resolve("metrics/evaluations/run_id=run/round=1")));
            String last = Files.readString(folder.resolve("run/last.json"));
            assertTrue(
                    last.matches("(?s).*\"last_round\" ?: ?1,.*\"evaluated_round\" ?: ?0,.*\"accuracy\" ?: ?[0-9].*"),
                    last);

            llm.failing = false;
            assertEquals(0, command("round", "run", "model", endpoints), () -> errors);
            assertTrue(output.contains("round 1, committed before  accuracy"), output);
            assertEquals(0, command("round", "run", "model", endpoints), () -> errors);
            assertTrue(output.contains("nothing to do"), output);
            assertFalse(Files.exists(folder.resolve("run/rounds/00002")), "nothing is trained");
            assertArrayEquals(adapter("undisturbed"), adapter("run"));
            assertEquals(files("undisturbed"), files("run"));
        }
    }

    /** How often an evaluation of these shards asks for scores. */
    private int scoresOfAnEvaluation(FakeFailingScores llm, String endpoints) {
        llm.failing = false;
        int before = llm.scores.get();
        assertEquals(0, train("counted", "model", endpoints, "run.rounds=0"), () -> errors);
        llm.failing = true;
        return llm.scores.get() - before;
    }

    /** Names of a run's metric files. */
    private SortedSet<String> files(String run) throws IOException {
        SortedSet<String> names = new TreeSet<>();
        try (Stream<Path> all = Files.walk(folder.resolve("metrics"))) {
            all.filter(Files::isRegularFile)
                    .map(Path::toString)
                    .filter(f -> f.contains("run_id=" + run + "/"))
                    .forEach(f -> names.add(f.substring(f.indexOf("run_id=") + 7 + run.length())
                            + f.replaceAll(".*/metrics/([a-z]+)/.*", " $1")));
        }
        return names;
    }

    private static LlmServer serve(FrozenLlm llm) {
        return LlmServer.start(OPTIONS, Backend.of(llm));
    }

    @Test
    void anEndpointThatIsNotThereIsStatusFive() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        assertEquals(
                ExitStatus.ENDPOINT_UNAVAILABLE.code(),
                train("gone", "model", "llm.endpoints=[\"grpc://127.0.0.1:" + port + "\"]"));
        assertTrue(errors.contains("127.0.0.1:" + port), errors);
        assertFalse(Files.exists(folder.resolve("gone/rounds/00001")));
    }

    @Test
    void aConnectorForAnotherLlmIsRefused() {
        HfModelFolder model = HfModelFolder.open(folder.resolve("model"));
        JobException e = assertThrows(
                JobException.class, () -> NanoEdgeSpec.requireWidth(model, Settings.defaults(), 4096, "other"));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("4096") && e.getMessage().contains("found 16"), e.getMessage());
    }

    /** Same width and vocabulary, other weights: only the numbers tell. */
    @Test
    void anotherLlmOfTheSameShapeIsRefused() throws IOException {
        HfModelFolder model = HfModelFolder.open(folder.resolve("model"));
        TinyModel.write(folder.resolve("sibling"), 8);
        try (FrozenLlm own = EmbeddedLlm.open(model);
                FrozenLlm sibling = EmbeddedLlm.open(HfModelFolder.open(folder.resolve("sibling")))) {
            JobSession.requireSameModel(model, own);
            JobException e = assertThrows(JobException.class, () -> JobSession.requireSameModel(model, sibling));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("llm.endpoints"), e.getMessage());
        }
    }

    @Test
    void executorsGetTheirOptionsAndKeepTheUsersOwn() {
        SparkConf conf = new SparkConf(false)
                .set("spark.task.cpus", "3")
                .set("spark.executor.extraJavaOptions", "-XX:+UseParallelGC -Dai.djl.offline=false")
                .set("spark.executorEnv.OMP_WAIT_POLICY", "ACTIVE");
        ExecutorOptions.apply(conf);
        ExecutorOptions.apply(conf);
        assertEquals(
                "-XX:+UseParallelGC -Dai.djl.offline=false -DOPT_OUT_TRACKING=true"
                        + " -Dai.djl.pytorch.num_interop_threads=1 -Dai.djl.pytorch.num_threads=3",
                conf.get("spark.executor.extraJavaOptions"));
        assertEquals("ACTIVE", conf.get("spark.executorEnv.OMP_WAIT_POLICY"));
    }
}
