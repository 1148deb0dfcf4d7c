package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.fednano.spark.TinyMedia;
import org.fednano.testing.TinyModel;
import org.fednano.weights.SafeTensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A federation of pictures, thermal pictures, sounds and text: one encoder and one adapter for each modality. */
class ModalitiesRunTest {

    private static final List<String> MODALITIES = List.of("image", "text", "thermal", "audio");

    @TempDir
    Path folder;

    private String encoders;
    private String output;
    private String errors;

    @BeforeEach
    void world() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        System.setProperty("spark.driver.host", "localhost");
        System.setProperty("spark.local.dir", folder.resolve("scratch").toString());
        TinyModel.write(folder.resolve("model"), 7);
        TinyMedia.write(folder.resolve("shards"));
        encoders = TinyMedia.encoders(folder.resolve("encoders"));
    }

    @AfterEach
    void clear() {
        List.of("spark.master", "spark.ui.enabled", "spark.driver.host", "spark.local.dir")
                .forEach(System::clearProperty);
    }

    private int run(String command, String run, String... more) {
        List<String> args = new ArrayList<>();
        List<String> sets = new ArrayList<>(List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve(run),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "run.rounds=2",
                "adapter.rank=2",
                "engine.threads=1",
                "encoder.batch_size=4",
                "local.batch_size=4",
                encoders));
        for (String word : more) {
            (word.matches("[a-z_.]+=.*") ? sets : args).add(word);
        }
        CommandResult ran = CommandResult.command(command, sets, args.toArray(String[]::new));
        output = ran.output();
        errors = ran.errors();
        return ran.status();
    }

    private byte[] adapter(String run, int round) throws IOException {
        return Files.readAllBytes(folder.resolve(run + String.format("/rounds/%05d/adapter.safetensors", round)));
    }

    @Test
    void everyModalityHasAnAdapterThatTrainingChangesAndTheCacheChangesNothing() throws IOException {
        assertEquals(0, run("train", "cached"), () -> errors);
        SafeTensors before = SafeTensors.of(adapter("cached", 0), "round 0");
        SafeTensors after = SafeTensors.of(adapter("cached", 2), "round 2");
        Set<String> names = new TreeSet<>();
        for (String modality : MODALITIES) {
            for (String part : List.of(".down", ".up")) {
                names.add(modality + part);
                assertFalse(
                        java.util.Arrays.equals(
                                before.tensor(modality + part).values(),
                                after.tensor(modality + part).values()),
                        modality + part + " must change");
            }
        }
        assertEquals(names, after.names());

        assertEquals(0, run("train", "fresh", "encoder.cache=off"), () -> errors);
        assertArrayEquals(adapter("cached", 2), adapter("fresh", 2));
        try (Stream<Path> left = Files.walk(folder.resolve("scratch"))) {
            assertTrue(
                    left.noneMatch(p -> p.toString().endsWith(".pt")), "a module's file is deleted once it is loaded");
        }

        assertEquals(0, run("evaluate", "cached"), () -> errors);
        assertTrue(output.contains("round 2"), output);
        String answers = folder.resolve("answers").toString();
        String input =
                folder.resolve("shards/clients/client_id=c003/split=test").toString();
        assertEquals(0, run("predict", "cached", "--input", input, "--output", answers), () -> errors);
        assertTrue(output.contains("answered 6 samples with round 2"), output);

        Path out = folder.resolve("out");
        assertEquals(0, run("export", "cached", "--out", out.toString()), () -> errors);
        assertArrayEquals(adapter("cached", 2), Files.readAllBytes(out.resolve("adapter.safetensors")));
        JsonNode config =
                new ObjectMapper().readTree(out.resolve("adapter_config.json").toFile());
        assertEquals(
                "connector output, audio tokens", config.at("/placement/audio").asText());
        assertEquals(2, config.at("/tensors/thermal.up").size());
        assertEquals("thermal", config.at("/encoders/0/modality").asText());
        assertEquals(
                folder.resolve("encoders/audio").toString(),
                config.at("/encoders/1/path").asText());
        assertTrue(config.at("/encoders/1/fingerprint").asText().matches("[0-9a-f]{64}"), config::toString);

        // What lies there now is not what the run used.
        Files.writeString(
                folder.resolve("encoders/audio/encoder.json"),
                "{\"format\": 1, \"input\": \"wav\", \"sampling_rate\": 320, \"seconds\": 0.4, \"tokens\": 2}");
        Path later = folder.resolve("later");
        assertEquals(0, run("export", "cached", "--out", later.toString()), () -> errors);
        assertTrue(errors.contains("has changed since the run"), errors);
        assertTrue(new ObjectMapper()
                .readTree(later.resolve("adapter_config.json").toFile())
                .at("/encoders/1/fingerprint")
                .isNull());
    }

    @Test
    void oneModalityAloneIsTrainedAndTheRunGoesOn() throws IOException {
        assertEquals(0, run("round", "sounds", "adapter.modalities=audio"), () -> errors);
        assertEquals(0, run("round", "sounds", "adapter.modalities=audio"), () -> errors);
        assertEquals(
                Set.of("audio.down", "audio.up"),
                SafeTensors.of(adapter("sounds", 2), "").names());
        assertEquals(0, run("evaluate", "sounds", "adapter.modalities=audio"), () -> errors);
        assertEquals(2, run("train", "sounds", "adapter.modalities=image,audio"));
        assertTrue(errors.contains("adapter.modalities"), errors);
        assertEquals(2, run("train", "other", "adapter.modalities=smell"));
        assertTrue(errors.contains("thermal") && errors.contains("'smell'"), errors);
    }

    @Test
    void mediaWithoutAnEncoderAndEncodersOfAnotherWidthAreRefused() throws IOException {
        assertEquals(3, run("train", "none", "model.encoders=[]"));
        assertTrue(errors.contains("'thermal'") || errors.contains("'audio'"), errors);
        assertTrue(errors.contains("model.encoders"), errors);
        assertEquals(2, run("train", "none", "model.encoders=[\"text=x\"]"));
        assertTrue(errors.contains("model.encoders"), errors);
        assertEquals(3, run("train", "none", "model.encoders=[\"audio=" + folder.resolve("nowhere") + "\"]"));
        assertTrue(errors.contains("'audio'") && errors.contains("nowhere"), errors);
    }

    /** An encoder that is wrong is wrong for every client: told once, by its folder, and no client is blamed. */
    @Test
    void aWrongEncoderIsToldOnceByItsFolder() throws IOException {
        Path module = folder.resolve("encoders/audio/encoder.pt");
        Files.writeString(module, "no module");
        for (String cache : List.of("encoder.cache=on", "encoder.cache=off")) {
            assertEquals(3, run("train", "wrong", cache), () -> output + errors);
            assertTrue(errors.contains("encoder.pt in " + module.getParent()), errors);
            assertFalse((output + errors).contains("client c00"), output + errors);
        }
        assertEquals(3, run("encode", "wrong"), () -> output + errors);
        assertEquals(1, errors.lines().filter(l -> l.contains("encoder.pt")).count(), errors);
    }
}
