package org.fednano.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HfModelFolderTest {

    private static final FloatTensor A = new FloatTensor(new float[] {1, 2}, 2);
    private static final FloatTensor B = new FloatTensor(new float[] {3, 4, 5}, 3);

    @TempDir
    Path folder;

    @BeforeEach
    void texts() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llava\"}");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
    }

    @Test
    void oneFileOrShardsGiveTheSameTensors() throws IOException {
        SafeTensorsWriter.write(
                folder.resolve("model.safetensors"),
                Map.of("multi_modal_projector.a", A, "vision_tower.vision_model.b", B),
                Map.of());
        same(HfModelFolder.open(folder));
        Files.delete(folder.resolve("model.safetensors"));
        shards("model-00002.safetensors");
        same(HfModelFolder.open(folder));
    }

    /** A pipe would hold the command for ever, and /dev/zero fill its memory. */
    @Test
    @Timeout(20)
    void pipesDevicesAndLinksThatLeadOutAreRefused(@TempDir Path outside) throws Exception {
        Path weights = outside.resolve("there.safetensors");
        SafeTensorsWriter.write(weights, Map.of("multi_modal_projector.a", A), Map.of());
        Path text = Files.writeString(outside.resolve("there.json"), "{\"model_type\":\"llava\"}");
        for (String name : List.of("config.json", "model.safetensors")) {
            Path file = folder.resolve(name);
            for (String kind : List.of("pipe", "device", "link", "folder")) {
                Files.deleteIfExists(file);
                switch (kind) {
                    case "pipe" -> assertEquals(
                            0,
                            new ProcessBuilder("mkfifo", file.toString())
                                    .start()
                                    .waitFor());
                    case "device" -> Files.createSymbolicLink(file, Path.of("/dev/zero"));
                    case "link" -> Files.createSymbolicLink(file, name.equals("config.json") ? text : weights);
                    default -> Files.createDirectory(file);
                }
                JobException e = assertThrows(JobException.class, () -> HfModelFolder.open(folder), name + " " + kind);
                assertEquals(ExitStatus.BAD_INPUT, e.status());
                assertTrue(e.getMessage().contains(name), e.getMessage());
            }
            Files.delete(file);
            texts();
        }
    }

    /** Hugging Face's cache: snapshots of links into one folder of blobs beside them. */
    @Test
    void linksWithinTheFolderAndIntoTheCachesBlobsAreFollowed() throws IOException {
        Path model = folder.resolve("models--a--b");
        Path snapshot = Files.createDirectories(model.resolve("snapshots/0123abc"));
        Path blobs = Files.createDirectories(model.resolve("blobs"));
        SafeTensorsWriter.write(blobs.resolve("77"), Map.of("multi_modal_projector.a", A), Map.of());
        Files.writeString(blobs.resolve("78"), "{\"model_type\":\"llava\"}");
        Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs/77"));
        Files.createSymbolicLink(snapshot.resolve("config.json"), Path.of("../../blobs/78"));
        assertEquals(
                Set.of("multi_modal_projector.a"), HfModelFolder.open(snapshot).names());
        Path link = Files.createSymbolicLink(folder.resolve("latest"), snapshot);
        assertEquals(Set.of("multi_modal_projector.a"), HfModelFolder.open(link).names());
    }

    private static void same(HfModelFolder model) {
        assertEquals(Set.of("multi_modal_projector.a", "vision_tower.vision_model.b"), model.names());
        assertArrayEquals(A.values(), model.tensor("multi_modal_projector.a").values());
        assertArrayEquals(new long[] {3}, model.shape("vision_tower.vision_model.b"));
        assertEquals(
                Set.of("vision_tower.vision_model.b"),
                model.only("vision_tower.vision_model.").names());
        assertEquals("llava", model.config().path("model_type").asText());
    }

    private void shards(String second) throws IOException {
        SafeTensorsWriter.write(
                folder.resolve("model-00001.safetensors"), Map.of("multi_modal_projector.a", A), Map.of());
        SafeTensorsWriter.write(
                folder.resolve("model-00002.safetensors"), Map.of("vision_tower.vision_model.b", B), Map.of());
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"multi_modal_projector.a\":\"model-00001.safetensors\",\"vision_tower.vision_model.b\":\""
                        + second + "\"}}");
    }

    /** The same model as files name it: LLaVA before and since transformers 4.52, and its language model alone. */
    @Test
    void everyGenerationOfNamesIsOneModel() throws IOException {
        Set<String> all = Set.of(
                "vision_tower.vision_model.embeddings.class_embedding",
                "multi_modal_projector.linear_1.weight",
                "language_model.model.embed_tokens.weight",
                "language_model.lm_head.weight");
        write(all);
        assertEquals(all, HfModelFolder.open(folder).names());
        write(Set.of(
                "model.vision_tower.vision_model.embeddings.class_embedding",
                "model.multi_modal_projector.linear_1.weight",
                "model.language_model.embed_tokens.weight",
                "lm_head.weight"));
        HfModelFolder later = HfModelFolder.open(folder);
        assertEquals(all, later.names());
        assertArrayEquals(
                A.values(), later.tensor("language_model.lm_head.weight").values());
        String message = assertThrows(JobException.class, () -> later.require("language_model.lm_head.weight", 3))
                .getMessage();
        assertTrue(message.contains("model.safetensors (there: lm_head.weight)"), message);
        for (String type : List.of("llama", "mistral", "qwen2")) {
            Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"" + type + "\"}");
            write(Set.of("model.embed_tokens.weight", "lm_head.weight"));
            assertEquals(
                    Set.of("language_model.model.embed_tokens.weight", "language_model.lm_head.weight"),
                    HfModelFolder.open(folder).names());
        }
    }

    /** Spellings of one tensor in the files of old and new releases, of wrappers, and of models saved without their head. */
    @ParameterizedTest
    @CsvSource({
        "vision_tower.embeddings.class_embedding, vision_tower.vision_model.embeddings.class_embedding",
        "model.vision_tower.embeddings.class_embedding, vision_tower.vision_model.embeddings.class_embedding",
        "model.vision_tower.vision_model.embeddings.x, vision_tower.vision_model.embeddings.x",
        "vision_tower.vision_tower.vision_model.embeddings.x, vision_tower.vision_model.embeddings.x",
        "vision_tower.head.probe, vision_tower.vision_model.head.probe",
        "vision_tower.post_layernorm.weight, vision_tower.vision_model.post_layernorm.weight",
        "model.multi_modal_projector.linear_1.bias, multi_modal_projector.linear_1.bias",
        "language_model.model.layers.0.x, language_model.model.layers.0.x",
        "model.language_model.layers.0.x, language_model.model.layers.0.x",
        "model.language_model.model.layers.0.x, language_model.model.layers.0.x",
        "language_model.layers.0.x, language_model.model.layers.0.x",
        "model.language_model.lm_head.weight, language_model.lm_head.weight",
        "lm_head.weight, language_model.lm_head.weight"
    })
    void everySpellingOfATensorIsOne(String inFile, String canonical) {
        write(Set.of(inFile));
        assertEquals(Set.of(canonical), HfModelFolder.open(folder).names());
    }

    @Test
    void aTensorOfNoKnownPartIsRefused() throws IOException {
        for (String name : List.of("model.image_newline", "model.mm_projector.0.weight", "audio_tower.conv1.weight")) {
            write(Set.of("lm_head.weight", name));
            refused("Tensor " + name, folder);
        }
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
        for (String name : List.of("model.vision_tower.x", "vision_model.x", "model.visual.x")) {
            write(Set.of("model.embed_tokens.weight", name));
            refused("Tensor " + name, folder);
        }
        write(Set.of("embed_tokens.weight", "layers.0.x", "norm.weight"));
        assertEquals(
                3,
                HfModelFolder.open(folder).only("language_model.model.").names().size());
    }

    private void write(Set<String> names) {
        Map<String, FloatTensor> tensors = new TreeMap<>();
        names.forEach(name -> tensors.put(name, A));
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), tensors, Map.of());
    }

    @Test
    void otherModelTypesAreRefusedByName() throws IOException {
        for (String type : List.of(
                "llava_next",
                "llava_onevision",
                "qwen2_vl",
                "idefics3",
                "mllama",
                "gemma3",
                "gemma",
                "qwen3",
                "llava_llama")) {
            Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"" + type + "\"}");
            refused("'" + type + "'", folder);
        }
        refused("convert_llava_weights_to_hf", folder);
        Files.writeString(folder.resolve("config.json"), "{}");
        refused("found none", folder);
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":");
        refused("config.json", folder);
    }

    /** Whatever the type says: of a model of other parts one must not be taken for the whole. */
    @Test
    void partsThatATypeDoesNotHaveAreRefusedByName() throws IOException {
        write(Set.of("lm_head.weight"));
        for (String config : List.of(
                "'model_type': 'llama', 'vision_config': {'hidden_size': 4}",
                "'model_type': 'qwen2', 'text_config': {'hidden_size': 4}",
                "'model_type': 'qwen2', 'visual': {'depth': 4}",
                "'model_type': 'mistral', 'mm_vision_tower': 'openai/clip'",
                "'model_type': 'llava', 'audio_config': {'hidden_size': 4}",
                "'model_type': 'llava', 'qformer_config': {'hidden_size': 4}")) {
            Files.writeString(folder.resolve("config.json"), "{" + config.replace('\'', '"') + "}");
            refused("found a " + config.split("'")[5], folder);
        }
        String harmless = "'model_type': 'llama', 'vision_config': null, 'transformers.js_config': {'dtype': 'q4'}";
        Files.writeString(folder.resolve("config.json"), "{" + harmless.replace('\'', '"') + "}");
        assertEquals(ModelType.LANGUAGE_MODEL, HfModelFolder.open(folder).type());
    }

    @Test
    void theImageTokenHasOneId() {
        assertEquals(7, ModelType.imageToken(config("{\"image_token_index\":7}"), -1));
        assertEquals(7, ModelType.imageToken(config("{\"image_token_id\":7}"), -1));
        assertEquals(7, ModelType.imageToken(config("{\"image_token_id\":7,\"image_token_index\":7}"), -1));
        assertEquals(-1, ModelType.imageToken(config("{\"image_token_id\":null}"), -1));
        JsonNode two = config("{\"image_token_id\":7,\"image_token_index\":8}");
        assertTrue(assertThrows(JobException.class, () -> ModelType.imageToken(two, -1))
                .getMessage()
                .contains("7"));
    }

    private static JsonNode config(String json) {
        return HfModelFolder.json(json, Path.of("config.json"));
    }

    @Test
    void weightsInOtherFormatsAreRefusedWithTheWayToConvertThem() throws IOException {
        Path gguf = Files.writeString(folder.resolve("smol-Q8_0.GGUF"), "GGUF");
        refused("gguf_file='smol-Q8_0.GGUF'", folder);
        refused("compare the ids", folder);
        refused("gguf_file='smol-Q8_0.GGUF'", gguf);
        Files.delete(folder.resolve("config.json"));
        refused("gguf_file='smol-Q8_0.GGUF'", folder);
        texts();
        Files.delete(gguf);
        for (String file : List.of("pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth")) {
            Path pickled = Files.writeString(folder.resolve(file), "x");
            refused("found only " + file, folder);
            refused("save_pretrained", folder);
            Files.delete(pickled);
        }
        Files.writeString(folder.resolve("model-00001-of-00002.safetensors"), "x");
        refused("model.safetensors.index.json", folder);
        write(Set.of("lm_head.weight"));
        refused("Name its folder", folder.resolve("model.safetensors"));
        Files.writeString(folder.resolve("also.gguf"), "GGUF");
        Files.writeString(folder.resolve("training_args.bin"), "x");
        HfModelFolder.open(folder);
    }

    @Test
    void indexAndShardsThatContradictEachOtherAreRefused() throws IOException {
        shards("model-00002.safetensors");
        HfModelFolder.open(folder);
        index(
                "\"multi_modal_projector.a\":\"model-00002.safetensors\",\"vision_tower.vision_model.b\":\"model-00001.safetensors\"");
        refused("found it in model-00001.safetensors", folder);
        index(
                "\"multi_modal_projector.a\":\"model-00001.safetensors\",\"vision_tower.vision_model.b\":\"model-00001.safetensors\"");
        refused("Tensor vision_tower.vision_model.b expected in shard model-00001.safetensors", folder);
        index(
                "\"multi_modal_projector.a\":\"model-00001.safetensors\",\"vision_tower.vision_model.b\":\"model-00002.safetensors\","
                        + "\"vision_tower.vision_model.c\":\"model-00002.safetensors\"");
        refused("in none of the index's shards", folder);
        index(
                "\"multi_modal_projector.a\":\"model-00001.safetensors\",\"multi_modal_projector.a\":\"model-00002.safetensors\"");
        refused("each tensor once", folder);
        index("\"multi_modal_projector.a\":1");
        refused("multi_modal_projector.a", folder);
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
        refused("weight_map", folder);
        shards("model-00002.safetensors");
        SafeTensorsWriter.write(
                folder.resolve("model-00002.safetensors"),
                Map.of("multi_modal_projector.a", A, "vision_tower.vision_model.b", B),
                Map.of());
        refused("Tensor multi_modal_projector.a of shard model-00002.safetensors", folder);
        Files.move(folder.resolve("model-00001.safetensors"), folder.resolve("kept"));
        refused("Shard " + folder.resolve("model-00001.safetensors"), folder);
    }

    private void index(String map) throws IOException {
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}");
    }

    @Test
    void twoNamesOfOneTensorAreRefused() {
        write(Set.of("lm_head.weight", "language_model.lm_head.weight"));
        refused("language_model.lm_head.weight", folder);
    }

    @Test
    void theFingerprintIsThatOfAllThatAnAnswerDependsOn() throws IOException {
        Path weights = folder.resolve("model.safetensors");
        SafeTensorsWriter.write(weights, Map.of("multi_modal_projector.a", A), Map.of());
        String before = HfModelFolder.open(folder).fingerprint("FP32");
        assertEquals(64, before.length());
        assertEquals(before, HfModelFolder.open(folder).fingerprint("FP32"));
        assertNotEquals(before, HfModelFolder.open(folder).fingerprint("BF16"));
        Files.writeString(folder.resolve("tokenizer.json"), "{ }");
        String after = HfModelFolder.open(folder).fingerprint("FP32");
        assertNotEquals(before, after);
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [2, 3]}");
        String ends = HfModelFolder.open(folder).fingerprint("FP32");
        assertNotEquals(after, ends);
        Files.delete(folder.resolve("generation_config.json"));
        Files.writeString(folder.resolve("README.md"), "a card changes nothing");
        assertEquals(after, HfModelFolder.open(folder).fingerprint("FP32"));
        SafeTensorsWriter.write(weights, Map.of("multi_modal_projector.a", B), Map.of());
        assertNotEquals(after, HfModelFolder.open(folder).fingerprint("FP32"));
    }

    /**
     * Runs, features and results out there carry this value.
     *
     * <pre>
     * h = hashlib.sha256(b"model.safetensors" + open("model.safetensors", "rb").read())
     * for text in (open("config.json", "rb").read(), open("tokenizer.json", "rb").read(), b"FP32"):
     *     h.update(b"\\0" + text)
     * </pre>
     */
    @Test
    void theShippedModelKeepsItsFingerprint() {
        assertEquals(
                "ea28b782fecd85f72e3441c9e60c08f94c24b591a9fc6b1321be7bee74e3531e",
                HfModelFolder.open(Path.of("..", "conf", "models", "nano-llava"))
                        .fingerprint("FP32"));
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        refused("model.safetensors", folder);
        shards("model-00003.safetensors");
        refused("model-00003.safetensors", folder);
        shards("../../secret.safetensors");
        refused("in its own folder", folder);
        Files.delete(folder.resolve("config.json"));
        refused("config.json", folder);
        refused("found none", folder.resolve("nowhere"));
    }

    private static void refused(String word, Path folder) {
        JobException e = assertThrows(JobException.class, () -> HfModelFolder.open(folder));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(word), e.getMessage());
    }
}
