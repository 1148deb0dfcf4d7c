package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.align.StoppedAlign;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.Commands;
import org.fednano.spark.TinyShards;
import org.fednano.testing.ScriptedEncoder;
import org.fednano.testing.TestTerminal;
import org.fednano.testing.TinyModel;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code align} on a tiny model, a TorchScript encoder and pictures of three colours. */
class AlignCommandTest {

    @TempDir
    Path folder;

    private String output;
    private String errors;
    private String shown;

    @BeforeEach
    void world() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        System.setProperty("spark.driver.host", "localhost");
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.writePictures(folder.resolve("shards"), 7, 30, 25);
        ScriptedEncoder.images(folder.resolve("encoder"), 3); // whatever its connector gives
        Files.delete(folder.resolve("encoder/connector.safetensors"));
    }

    @AfterEach
    void clear() {
        List.of("spark.master", "spark.ui.enabled", "spark.driver.host").forEach(System::clearProperty);
    }

    private int command(String command, List<String> sets, String... words) {
        CommandResult ran = CommandResult.command(command, sets, words);
        output = ran.output();
        errors = ran.errors();
        shown = ran.shown();
        return ran.status();
    }

    private List<String> sets(String out, String... more) {
        List<String> sets = new ArrayList<>(List.of(
                "model.dir=" + folder.resolve("model"),
                "align.shards=" + folder.resolve("shards"),
                "align.encoder=" + folder.resolve("encoder"),
                "align.out=" + folder.resolve(out),
                "align.steps=12",
                "align.batch_size=8",
                "align.check_every=4",
                "align.validation=0.3",
                "align.learning_rate=0.01",
                "encoder.batch_size=4",
                "engine.threads=1"));
        sets.addAll(List.of(more));
        return sets;
    }

    private int align(String out, String... more) {
        return command("align", sets(out, more));
    }

    private byte[] connector(String out) throws IOException {
        return Files.readAllBytes(folder.resolve(out + "/connector.safetensors"));
    }

    private double[] losses() {
        Matcher m = Pattern.compile("held-out loss ([0-9.]+) -> ([0-9.]+)").matcher(output);
        assertTrue(m.find(), output);
        return new double[] {Double.parseDouble(m.group(1)), Double.parseDouble(m.group(2))};
    }

    @Test
    @Tag("slow")
    void trainsAConnectorThatARunTakes() throws IOException {
        assertEquals(0, align("linear"), () -> errors);
        double[] losses = losses();
        assertTrue(losses[1] < losses[0], output);
        assertTrue(output.contains("choices right"), output);
        assertEquals(List.of(16L, 5L), shape("linear", "linear.weight"));
        assertFalse(Files.exists(folder.resolve("linear.state")));
        String card = Files.readString(folder.resolve("linear/README.md"));
        assertTrue(card.contains("| start | ridge |") && card.contains("parameters"), card);

        assertEquals(0, align("mlp", "align.connector=mlp", "align.inner=6", "align.start=random"), () -> errors);
        assertEquals(List.of(16L, 6L), shape("mlp", "linear_2.weight"));
        assertTrue(Files.readString(folder.resolve("mlp/encoder.json")).contains("\"activation\" : \"gelu\""));

        for (String encoder : List.of("linear", "mlp")) {
            assertEquals(0, train(encoder, "model"), () -> errors);
        }
        TinyModel.write(folder.resolve("other"), 8); // as wide, but another table
        assertEquals(3, train("linear", "other"));
        assertTrue(errors.contains("made for model") && errors.contains("fednano align"), errors);
    }

    private int train(String encoder, String model) {
        return command(
                "train",
                List.of(
                        "model.dir=" + folder.resolve(model),
                        "model.encoders=[\"image=" + folder.resolve(encoder) + "\"]",
                        "run.shards=" + folder.resolve("shards"),
                        "run.dir=" + folder.resolve("run-" + encoder + model),
                        "run.metrics_dir=" + folder.resolve("metrics"),
                        "run.rounds=1",
                        "adapter.rank=2",
                        "encoder.batch_size=4",
                        "engine.threads=1"));
    }

    private List<Long> shape(String out, String tensor) {
        List<Long> sizes = new ArrayList<>();
        for (long size :
                SafeTensors.open(folder.resolve(out + "/connector.safetensors")).shape(tensor)) {
            sizes.add(size);
        }
        return sizes;
    }

    @Test
    void aStoppedCallGoesOnToTheSameBytes() throws IOException {
        assertEquals(0, align("whole"), () -> errors);
        StoppedAlign.after(4, sets("stopped"));
        assertFalse(Files.exists(folder.resolve("stopped")));
        assertEquals(2, align("stopped", "align.seed=2"));
        assertTrue(errors.contains("align.seed = 1, found 2"), errors);
        assertEquals(0, align("stopped"), () -> errors);
        assertTrue(output.contains("goes on behind step 4"), output);
        assertTrue(shown.contains("aligning: 4 of 12 steps done") && !shown.contains("0 of 12"), shown);
        assertArrayEquals(connector("whole"), connector("stopped"));
        assertEquals(2, align("stopped"));
        assertTrue(errors.contains("must not exist yet"), errors);
    }

    @Test
    void theLineSaysWhatIsBeingDone() {
        try (TestTerminal terminal = new TestTerminal()) {
            PrintWriter out = terminal.held(List.of(Map.entry("step 8 of 12", "aligning: 8 of 12 steps done")));
            assertEquals(0, Commands.run(new SparkJobsMain(), out, out, CommandResult.words("align", sets("lines"))));
            String shown = terminal.shown();
            List.of(
                            "loading " + folder.resolve("model") + " and " + folder.resolve("encoder") + "  0:0",
                            "encoding 2 clients  0:0",
                            "looking for a start  0:0",
                            "aligning: 0 of 12 steps done  0:0",
                            "evaluating the connector  0:0",
                            "writing " + folder.resolve("lines") + "  0:0")
                    .forEach(said -> assertTrue(shown.contains(said), () -> said + " expected in " + shown));
        }
    }

    @Test
    void anEndpointGivesTheSameConnector() throws IOException {
        assertEquals(0, align("embedded", "align.clients=[c002]"), () -> errors);
        try (LlmServer server = serve()) {
            String address = "llm.endpoints=[\"grpc://127.0.0.1:" + server.port() + "\"]";
            assertEquals(0, align("served", "align.clients=[c002]", address), () -> errors);
        }
        assertArrayEquals(connector("embedded"), connector("served"));
        assertEquals(0, align("all"), () -> errors);
        assertNotEquals(java.util.Arrays.hashCode(connector("embedded")), java.util.Arrays.hashCode(connector("all")));
    }

    private LlmServer serve() {
        return LlmServer.start(
                LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        "frozen_llm",
                        WireType.FP32,
                        new LlmInfo.Limits(8192, 64 << 20),
                        new LlmServer.Load(64, 64 << 20, 2)),
                Backend.of(EmbeddedLlm.open(HfModelFolder.open(folder.resolve("model")))));
    }

    @Test
    void aDryRunWritesNothing() {
        assertEquals(0, command("align", sets("dry"), "--dry-run"), () -> errors);
        assertTrue(output.contains("4 tokens of width 5") && output.contains("55 training rows"), output);
        assertFalse(Files.exists(folder.resolve("dry")) || Files.exists(folder.resolve("dry.state")));
    }

    @Test
    void badInputIsNamed() throws IOException {
        assertEquals(2, align("x", "align.clients=[nobody]"));
        assertTrue(errors.contains("[nobody]") && errors.contains("c001"), errors);
        assertEquals(3, align("x", "align.encoder=" + folder.resolve("nowhere")));
        assertTrue(errors.contains("Encoder folder expected"), errors);
        assertEquals(3, align("x", "align.shards=" + folder.resolve("nowhere")));
        assertTrue(errors.contains("manifest.json"), errors);
        assertEquals(3, align("x", "align.modality=audio"));
        assertTrue(errors.contains("of modality 'audio' only") && errors.contains("[image]"), errors);
        assertEquals(3, align("x", "align.validation=0"));
        assertTrue(errors.contains("55 and 0"), errors);
        assertEquals(3, align("x", "prompt.template={question}"));
        assertTrue(errors.contains("Put {image} into prompt.template"), errors);

        Path json = folder.resolve("encoder/encoder.json");
        Files.writeString(json, Files.readString(json).replace("\"tokens\": 4", "\"tokens\": 5"));
        assertEquals(3, align("x"));
        assertTrue(errors.contains("Change 'tokens'"), errors);
        Files.write(folder.resolve("encoder/encoder.pt"), "no module".getBytes(StandardCharsets.UTF_8));
        assertEquals(3, align("x"));
        assertTrue(errors.contains("TorchScript"), errors);
        assertFalse(Files.exists(folder.resolve("x")));
    }

    @Test
    void anEmptyCaptionIsNamed() throws IOException {
        Path rows = folder.resolve("shards/clients/client_id=c001/split=train/part-00000.parquet");
        TinyShards.writeWithEmptyAnswer(rows);
        assertEquals(3, align("x"));
        assertTrue(errors.contains("Row 1 of ") && errors.contains("'answer'"), errors);
    }

    @Test
    void twoCallsNeverWriteOneFolder() throws IOException {
        Path state = folder.resolve("held.state");
        Files.createDirectories(state);
        try (FileChannel other =
                        FileChannel.open(state.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = other.lock()) {
            assertTrue(lock.isValid());
            assertEquals(6, align("held"));
            assertTrue(errors.contains("at a time"), errors);
        }
    }
}
