package org.fednano.llm.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.llm.cli.EndpointMain;
import org.fednano.settings.Commands;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectCommandTest {

    private static final Path SHIPPED = Path.of("../conf/models/nano-llava");
    private static final Path ORIGINAL = config("llava-v1.5-7b.json");
    private static final Path HUGGING_FACE = config("llava-1.5-7b-hf.json");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private static Path config(String name) {
        return Path.of("src/test/resources/inspect", name);
    }

    private int inspect(Object model, String... more) {
        String[] args = new String[more.length + 2];
        args[0] = "inspect";
        args[1] = model.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        return Commands.run(new EndpointMain(), new PrintWriter(out), new PrintWriter(err), args);
    }

    private JsonNode json(Object model, String... more) throws Exception {
        String[] args = java.util.Arrays.copyOf(more, more.length + 1);
        args[more.length] = "--json";
        assertEquals(0, inspect(model, args), err::toString);
        return JsonMapper.builder().build().readTree(out.toString());
    }

    private static long parameters(JsonNode json, int part) {
        return json.path("parts").path(part).path("parameters").asLong();
    }

    /** The numbers of the paper's model, which two published configs describe. */
    @Test
    void llavaAsItsAuthorsPublishIt() throws Exception {
        JsonNode json = json(ORIGINAL, "--set", "adapter.rank=64");
        assertEquals(303_507_456, parameters(json, 0));
        assertEquals(20_979_712, parameters(json, 1));
        assertEquals(6_738_415_616L, parameters(json, 2));
        assertEquals(1_048_576, parameters(json, 3));
        assertEquals(
                2 * 6_738_415_616L,
                json.path("parts").path(2).path("stored_bytes").asLong(),
                "float16");
        assertEquals(0.954, json.path("client").path("storage_reduction").asDouble(), 5e-4);
        JsonNode upload = json.path("upload_per_client_and_round");
        assertEquals(1.0e-4, upload.path("adapter_share_of_model").asDouble(), 5e-5, "about 0.01 %");
        assertEquals(
                1_048_576.0 / 7_062_902_784.0,
                upload.path("adapter_share_of_model").asDouble(),
                1e-12);
        assertEquals(4 * 1_048_576, upload.path("adapter_bytes").asLong());
        assertEquals(4 * 1_048_576, upload.path("fisher_bytes").asLong());
    }

    /** SigLIP's vision tower with its head has 428,225,600 parameters, as its publishers count it. */
    @Test
    void siglipWithItsHead() throws Exception {
        String config = Files.readString(ORIGINAL)
                .replace("openai/clip-vit-large-patch14-336", "google/siglip-so400m-patch14-384");
        JsonNode json = json(Files.writeString(folder.resolve("config.json"), config));
        assertEquals(428_225_600, parameters(json, 0));
    }

    /** Hugging Face's has 64 rows more in both tables: for {@code <image>}, {@code <pad>} and a round number. */
    @Test
    void llavaInHuggingFaceLayout() throws Exception {
        JsonNode json = json(HUGGING_FACE, "--set", "adapter.rank=64");
        assertEquals(303_507_456, parameters(json, 0));
        assertEquals(20_979_712, parameters(json, 1));
        assertEquals(6_738_415_616L + 2 * 64 * 4096, parameters(json, 2));
        assertEquals(576, json.path("image_tokens").asInt());
    }

    @Test
    void weightsAreCountedWhereThereAreAny() throws Exception {
        JsonNode weights = json(SHIPPED);
        assertEquals("weights", weights.path("counted_from").asText());
        out.getBuffer().setLength(0);
        JsonNode config = json(SHIPPED.resolve("config.json"));
        assertEquals("config", config.path("counted_from").asText());
        for (int part = 0; part < 4; part++) {
            assertEquals(parameters(weights, part), parameters(config, part), "part " + part);
            assertEquals(
                    weights.path("parts").path(part).path("stored_bytes").asLong(),
                    config.path("parts").path(part).path("stored_bytes").asLong());
        }
    }

    /** Every checkpoint of the parity tests is counted alike from its weights and from its config alone. */
    @Test
    void familiesAreCountedByTheirConfigs() throws Exception {
        List<Path> folders;
        try (Stream<Path> all = Files.list(Path.of("../tests/src/test/resources/parity"))) {
            folders = all.filter(Files::isDirectory).sorted().toList();
        }
        assertTrue(folders.size() >= 10, folders.toString());
        for (Path model : folders) {
            out.getBuffer().setLength(0);
            JsonNode weights = json(model);
            out.getBuffer().setLength(0);
            JsonNode config = json(model.resolve("config.json"));
            for (int part = 0; part < 3; part++) {
                assertEquals(parameters(weights, part), parameters(config, part), model + ", part " + part);
            }
        }
    }

    @Test
    void aClientsFolderWithoutDecoderStillTellsTheServersPart() throws Exception {
        Path client = Files.createDirectories(folder.resolve("client"));
        Files.copy(SHIPPED.resolve("config.json"), client.resolve("config.json"));
        SafeTensorsWriter.write(
                client.resolve("model.safetensors"),
                HfModelFolder.open(SHIPPED)
                        .only("vision_tower.", "multi_modal_projector.")
                        .tensors(),
                Map.of());
        JsonNode own = json(client);
        out.getBuffer().setLength(0);
        JsonNode whole = json(SHIPPED);
        for (int part = 0; part < 3; part++) {
            assertEquals(parameters(whole, part), parameters(own, part), "part " + part);
        }
    }

    @Test
    void furtherEncodersAreParts() throws Exception {
        Path sound = Files.createDirectories(folder.resolve("sound"));
        Path exported = Path.of("../core/src/test/resources/encoders/frames.pt");
        Files.copy(exported, sound.resolve("encoder.pt"));
        Files.writeString(
                sound.resolve("encoder.json"),
                "{\"format\": 1, \"input\": \"wav\", \"tokens\": 6, \"sampling_rate\": 8000, \"seconds\": 1}");
        SafeTensorsWriter.write(
                sound.resolve("connector.safetensors"),
                Map.of(
                        "linear.weight", new FloatTensor(new float[128 * 3], 128, 3),
                        "linear.bias", new FloatTensor(new float[128], 128)),
                Map.of());
        JsonNode json = json(SHIPPED, "--set", "model.encoders=[\"audio=" + sound + "\"]");
        assertEquals("audio encoder", json.path("parts").path(2).path("name").asText());
        assertTrue(parameters(json, 2) > 0);
        assertEquals(512, parameters(json, 3));
        assertEquals(
                3 * 2 * 128 * 8,
                json.path("upload_per_client_and_round")
                        .path("adapter_parameters")
                        .asLong());
        assertEquals(16 + 6 + 96, json.path("load").path("prompt_tokens").asInt());
    }

    /** T = 576 + 95 at H = 4096 in two bytes: 5.5 MB each way, as by hand. */
    @Test
    void activationsAreNotHidden() throws Exception {
        JsonNode json = json(
                ORIGINAL,
                "--activations",
                "BF16",
                "--text-tokens",
                "95",
                "--answer-tokens",
                "3",
                "--clients",
                "5",
                "--samples",
                "200",
                "--set",
                "adapter.rank=64",
                "--set",
                "local.epochs=2",
                "--set",
                "fisher.samples=100",
                "--set",
                "run.rounds=7");
        JsonNode traffic = json.path("traffic");
        long up = 671 * 4096 * 2 + 4 * (671 + 3);
        long down = 671 * 4096 * 2 + 8;
        assertEquals(up, traffic.path("step_uplink_bytes_per_sample").asLong());
        assertEquals(down, traffic.path("step_downlink_bytes_per_sample").asLong());
        assertEquals(2.5, json.path("load").path("passes_per_round").asDouble());
        long roundUp = 5 * (2 * 4 * 1_048_576L + 500 * up);
        assertEquals(roundUp, traffic.path("round_uplink_bytes").asLong());
        assertEquals(7 * roundUp, traffic.path("run_uplink_bytes").asLong());
        assertEquals(
                5 * (4 * 1_048_576L + 500 * down),
                traffic.path("round_downlink_bytes").asLong());
        JsonNode coded = json.path("traffic_with_codes");
        long matrices = 4 * 524_288 / 8; // of W_up, a sample's share of a batch of 8
        long codes = 4 * 671 * 64;
        assertEquals(
                671 * (4 * 4096 + 1), coded.path("feature_bytes_per_sample").asLong());
        assertEquals(
                200L * 671 * (4 * 4096 + 1),
                coded.path("feature_bytes_per_client").asLong());
        assertEquals(
                codes + matrices + 12,
                coded.path("step_uplink_bytes_per_sample").asLong());
        assertEquals(
                codes + matrices + 8,
                coded.path("step_downlink_bytes_per_sample").asLong());
        assertEquals(
                5 * (200L * 671 * (4 * 4096 + 1) + 7 * (2 * 4 * 1_048_576L + 500 * (codes + matrices + 12))),
                coded.path("run_uplink_bytes").asLong());
        assertEquals(
                5 * 7 * (4 * 1_048_576L + 500 * (codes + matrices + 8) + 100 * matrices),
                coded.path("run_downlink_bytes").asLong());
    }

    @Test
    void tableSaysWhatTheClaimsLeaveOut() {
        assertEquals(0, inspect(ORIGINAL, "--set", "adapter.rank=64", "--set", "run.strategy=fedavg"), err::toString);
        String text = out.toString();
        assertTrue(text.contains("6,738,415,616"), text);
        assertTrue(text.contains("A client stores 95.4 % less"), text);
        assertTrue(text.contains("0.0148 % of the model (the paper: about 0.01 %)"), text);
        assertTrue(text.contains("token-embedding table"), text);
        assertTrue(text.contains("fedavg uploads no Fisher diagonal"), text);
    }

    /** What no other command would run must not be counted, least of all as a language model alone. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'model_type': 'llava_next', 'text_config': {'model_type': 'llama'}, 'vision_config': {} | 'llava_next'",
                "'model_type': 'llava_onevision', 'text_config': {'model_type': 'qwen2'} | 'llava_onevision'",
                "'model_type': 'qwen2_vl', 'hidden_size': 64 | 'qwen2_vl'",
                "'model_type': 'idefics3', 'text_config': {'model_type': 'llama'} | 'idefics3'",
                "'model_type': 'gemma', 'hidden_size': 64 | 'gemma'",
                "'model_type': 'llama', 'vision_config': {'hidden_size': 64} | vision_config",
                "'model_type': 'llava', 'text_config': {'model_type': 'gemma'} | 'gemma'",
                "'model_type': 'llava', 'vision_config': {'model_type': 'pixtral'} | pixtral",
                "'model_type': 'llava', 'audio_config': {'model_type': 'whisper'} | audio_config"
            })
    void whatIsNotReadIsNotCountedEither(String fields, String name) throws Exception {
        Path file = Files.writeString(folder.resolve("config.json"), "{" + fields.replace('\'', '"') + "}");
        assertEquals(3, inspect(file), out::toString);
        assertTrue(err.toString().contains(name), err::toString);
        assertEquals("", out.toString());
    }

    /** The type of stored values has two names, either of which may be null; absent parts have their defaults. */
    @Test
    void configsOfAllGenerationsSayHowValuesAreStored() throws Exception {
        String[][] cases = {
            {"'torch_dtype': null", "4"},
            {"'torch_dtype': 'float16'", "2"},
            {"'dtype': 'bfloat16'", "2"},
            {"'dtype': null, 'torch_dtype': 'float16'", "2"},
            {"'text_config': {'torch_dtype': 'bfloat16'}", "2"},
            {"'text_config': null, 'vision_config': null, 'dtype': 'float32'", "4"},
        };
        for (String[] one : cases) {
            String config = "{'model_type': 'llava', " + one[0] + "}";
            out.getBuffer().setLength(0);
            JsonNode json = json(Files.writeString(folder.resolve("config.json"), config.replace('\'', '"')));
            assertEquals(
                    Integer.parseInt(one[1]) * parameters(json, 2),
                    json.path("parts").path(2).path("stored_bytes").asLong(),
                    one[0]);
        }
    }

    /** A language model alone is what it is; what clients lack is said, and no figure that means nothing. */
    @Test
    void aLanguageModelAloneSaysWhatItLacks() throws Exception {
        Path model = Path.of("src/test/resources/parity/qwen2-tied");
        assertEquals(0, inspect(model), err::toString);
        String text = out.toString();
        assertTrue(text.contains("model.encoders=[\"image=DIR\"]"), text);
        assertFalse(text.contains("{}") || text.contains("% less"), text);
        out.getBuffer().setLength(0);
        JsonNode json = json(model);
        assertTrue(json.path("client").path("storage_reduction").isNull());
        assertEquals(0, json.path("image_tokens").asInt());
    }

    /** As {@code encode} would: an encoder's folder is looked into, and must fit the language model. */
    @Test
    void encoderFoldersAreLookedInto() throws Exception {
        Path sound = Files.createDirectories(folder.resolve("sound"));
        String encoders = "model.encoders=[\"audio=" + sound + "\"]";
        assertRefused(encoders, "encoder.json");
        Files.writeString(sound.resolve("encoder.json"), "{\"format\": 1, \"input\": \"mp3\", \"tokens\": 6}");
        assertRefused(encoders, "image, wav or npy");
        Files.writeString(
                sound.resolve("encoder.json"), "{\"format\": 1, \"input\": \"npy\", \"tokens\": 6, \"shape\": [2]}");
        assertRefused(encoders, "encoder.pt");
        Files.writeString(sound.resolve("encoder.pt"), "no module");
        assertRefused(encoders, "connector.safetensors");
        connector(sound, 127);
        assertRefused(encoders, "expected H = 128");
        connector(sound, 128);
        assertRefused(encoders, "must be a TorchScript file");
        assertRefused("model.encoders=[\"audio=" + folder.resolve("nowhere") + "\"]", "nowhere");
    }

    private static void connector(Path folder, int hidden) {
        SafeTensorsWriter.write(
                folder.resolve("connector.safetensors"),
                Map.of(
                        "linear.weight", new FloatTensor(new float[hidden * 3], hidden, 3),
                        "linear.bias", new FloatTensor(new float[hidden], hidden)),
                Map.of());
    }

    private void assertRefused(String set, String named) {
        err.getBuffer().setLength(0);
        assertEquals(3, inspect(SHIPPED, "--set", set), out::toString);
        assertTrue(err.toString().contains(named), err::toString);
    }

    @Test
    void aGgufFileIsToldHowToBeConverted() throws Exception {
        Path gguf = Files.writeString(folder.resolve("smol.gguf"), "GGUF");
        for (Path model : List.of(gguf, folder)) {
            err.getBuffer().setLength(0);
            assertEquals(3, inspect(model));
            assertTrue(err.toString().contains("gguf_file='smol.gguf'"), err::toString);
        }
    }

    @Test
    void aTokenizerThatContradictsTheModelIsWarnedOf() throws Exception {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String file : List.of("model.safetensors", "tokenizer.json", "preprocessor_config.json")) {
            Files.copy(SHIPPED.resolve(file), model.resolve(file));
        }
        String config = Files.readString(SHIPPED.resolve("config.json"));
        Files.writeString(model.resolve("config.json"), config.replaceAll("(\"eos_token_id\"\\s*:\\s*)[0-9]+", "$19"));
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        assertEquals(0, inspect(model), err::toString);
        assertEquals(
                1,
                err.toString()
                        .lines()
                        .filter(l -> l.startsWith("warning: eos_token '</s>'"))
                        .count(),
                err::toString);
    }

    @Test
    void wrongInputIsNamed() throws Exception {
        assertEquals(3, inspect(folder));
        assertTrue(err.toString().contains("config.json"), err::toString);
        Path other = Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"qwen2_audio\"}");
        assertEquals(3, inspect(other));
        assertTrue(err.toString().contains("qwen2_audio"), err::toString);
        Files.writeString(other, "{\"mm_vision_tower\":\"eva/unknown\"}");
        assertEquals(3, inspect(other));
        assertTrue(err.toString().contains("eva/unknown"), err::toString);
        for (String nonsense : List.of(
                "{\"a\": 1}", "[]", "{\"model_type\": \"llava\", \"text_config\": 5}", "{\"model_type\": \"\"}", "")) {
            Files.writeString(other, nonsense);
            assertEquals(3, inspect(other), nonsense);
        }
        Files.writeString(other, "no json");
        assertEquals(3, inspect(other));
        assertEquals(2, inspect(ORIGINAL, "--samples", "0"));
        assertEquals(2, inspect(ORIGINAL, "--activations", "FP8"));
    }
}
