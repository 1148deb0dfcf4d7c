package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.fednano.prompt.PromptIds;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers makes of prompts and answers: {@code src/test/python/make_texts.py}. */
class PromptIdsTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path folder;

    private static JsonNode read(String file) throws IOException {
        try (InputStream in = PromptIdsTest.class.getResourceAsStream("/prompt/" + file)) {
            return JSON.readTree(in);
        }
    }

    private static JsonNode kind(String name) throws IOException {
        return read("texts.json").path("kinds").path(name);
    }

    /** A model folder with that tokenizer, of which the chat template is one of make_chats.py or null. */
    private HfModelFolder folder(JsonNode kind, String chat) throws IOException {
        Files.writeString(folder.resolve("config.json"), config(kind, 600).toString());
        Files.writeString(
                folder.resolve("tokenizer.json"), kind.path("tokenizer").asText());
        ObjectNode config = kind.path("tokenizer_config").deepCopy();
        if (chat != null) {
            config.put(
                    "chat_template",
                    read("chats.json").path("templates").path(chat).asText());
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        Files.writeString(folder.resolve("preprocessor_config.json"), TinyEncoder.PREPROCESSOR);
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), TinyEncoder.weights(), Map.of());
        return HfModelFolder.open(folder);
    }

    private static ObjectNode config(JsonNode kind, int vocabulary) {
        ObjectNode config = JSON.createObjectNode().put("model_type", "llava");
        config.put("image_token_index", kind.path("image").asInt());
        JsonNode tiny = HfModelFolder.json(TinyEncoder.CONFIG.formatted(-2, "default"), Path.of("config.json"));
        config.set("vision_config", tiny.path("vision_config"));
        config.putObject("text_config")
                .put("model_type", "llama")
                .put("hidden_size", TinyEncoder.HIDDEN)
                .put("vocab_size", vocabulary);
        return config;
    }

    private static Sample sample(String question, int media) {
        return new Sample(
                "s1",
                "c1",
                Split.TRAIN,
                Collections.nCopies(media, new Medium(Medium.IMAGE, new byte[0])),
                question,
                "",
                List.of(),
                "a",
                -1,
                "t",
                "c",
                "s");
    }

    private static PromptIds ids(HfModelFolder folder, PromptTokenizer tokenizer, String... sets) {
        NanoEdgeSpec spec = NanoEdgeSpec.of(folder, Settings.load(List.of(), List.of(sets)));
        return new PromptIds(folder.config(), spec.tokenizerJson(), spec.prompt(), tokenizer);
    }

    private static PromptTokenizer tokenizer(HfModelFolder folder) {
        NanoEdgeSpec spec = NanoEdgeSpec.of(folder, Settings.defaults());
        return new PromptTokenizer(spec.tokenizerJson(), spec.prompt());
    }

    private static int[] ints(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-metaspace", "llama-without-start", "qwen2", "llama-3"})
    void promptsAndAnswersHaveTheIdsOfTransformers(String name) throws IOException {
        JsonNode kind = kind(name);
        for (JsonNode expected : kind.path("cases")) {
            String chat = expected.path("template").textValue();
            HfModelFolder model = folder(kind, chat);
            try (PromptTokenizer tokenizer = tokenizer(model)) {
                PromptIds ids = ids(model, tokenizer);
                int media = expected.path("media").asInt();
                int[] counts = IntStream.generate(() -> 1).limit(media).toArray();
                String where =
                        name + ", " + chat + ": " + expected.path("prompt").asText();
                Sample sample = sample(expected.path("question").asText(), media);
                assertArrayEquals(ints(expected.path("prompt_ids")), ids.of(sample, counts), where);
                int[] answer = ids.ofAnswer(expected.path("answer").asText());
                assertArrayEquals(ints(expected.path("answer_ids")), Arrays.copyOf(answer, answer.length - 1), where);
                assertEquals(kind.path("end").asInt(), answer[answer.length - 1], where);
            }
        }
    }

    @Test
    void theEndTokenIsTheOneOfTheChatTemplateIfItIsDeclared() throws IOException {
        JsonNode kind = kind("llama-3");
        int end = kind.path("end").asInt();
        int turnEnd = end + 3; // <|end_of_text|>, two for headers, <|eot_id|>
        Files.writeString(
                folder.resolve("generation_config.json"), "{\"eos_token_id\": [" + end + ", " + turnEnd + "]}");
        assertEquals(turnEnd, endOf(folder(kind, "llama-3")));
        assertEquals(end, endOf(folder(kind, null)));
    }

    private static int endOf(HfModelFolder model) {
        try (PromptTokenizer tokenizer = tokenizer(model)) {
            int[] answer = ids(model, tokenizer).ofAnswer("two");
            return answer[answer.length - 1];
        }
    }

    @Test
    void theUsersTurnIsASetting() throws IOException {
        HfModelFolder model = folder(kind("llama"), "llava-1.5");
        try (PromptTokenizer tokenizer = tokenizer(model)) {
            int[] asked = ids(model, tokenizer, "prompt.user={question} Answer in a word.")
                    .of(sample("What?", 0), new int[0]);
            int[] said = ids(model, tokenizer).of(sample("What? Answer in a word.", 0), new int[0]);
            assertArrayEquals(said, asked);
        }
        JobException e = assertThrows(
                JobException.class,
                () -> NanoEdgeSpec.of(model, Settings.load(List.of(), List.of("prompt.user={image} {question}"))));
        assertEquals(ExitStatus.USAGE, e.status());
    }

    @Test
    void aTemplateOfOnesOwnComesBeforeTheModels() throws IOException {
        HfModelFolder model = folder(kind("llama"), "llava-1.5");
        try (PromptTokenizer tokenizer = tokenizer(model)) {
            int[] own = ids(model, tokenizer, "prompt.template={question}").of(sample("one", 0), new int[0]);
            assertArrayEquals(tokenizer.encode("one", true), own);
        }
    }

    @Test
    void theFingerprintFollowsTheTemplateButNotWhereItStands() throws IOException {
        HfModelFolder model = folder(kind("llama"), "llava-1.5");
        String print = NanoEdgeSpec.of(model, Settings.defaults()).fingerprint();
        String chat = read("chats.json").path("templates").path("llava-1.5").asText();
        folder(kind("llama"), null);
        assertNotEquals(print, NanoEdgeSpec.of(model, Settings.defaults()).fingerprint());
        Files.writeString(folder.resolve("chat_template.jinja"), chat);
        assertEquals(print, NanoEdgeSpec.of(model, Settings.defaults()).fingerprint());
        ObjectNode json = JSON.createObjectNode().put("chat_template", chat + " ");
        Files.writeString(folder.resolve("chat_template.json"), json.toString());
        assertNotEquals(print, NanoEdgeSpec.of(model, Settings.defaults()).fingerprint());
    }

    @Test
    void addedTokensOfTheOtherFilesAreKnown() throws IOException {
        JsonNode kind = kind("llama");
        HfModelFolder model = folder(kind, null);
        int next = kind.path("image").asInt() + 1;
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<more>\": " + next + "}");
        try (PromptTokenizer tokenizer = tokenizer(model)) {
            int[] ids = tokenizer.encode("one<more>", false);
            assertEquals(next, ids[ids.length - 1]);
        }
    }

    @Test
    void aTokenizerThatIsLargerThanTheTableIsRefused() throws IOException {
        JsonNode kind = kind("llama");
        HfModelFolder model = folder(kind, null);
        int image = kind.path("image").asInt();
        Files.writeString(folder.resolve("config.json"), config(kind, image).toString());
        NanoEdgeSpec.of(HfModelFolder.open(folder), Settings.defaults()); // the image token alone may be outside
        Files.writeString(folder.resolve("config.json"), config(kind, image - 1).toString());
        JobException e = assertThrows(
                JobException.class, () -> NanoEdgeSpec.of(HfModelFolder.open(folder), Settings.defaults()));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("below " + (image - 1) + ", found " + (image - 1)), e.getMessage());
        NanoEdgeSpec spec = NanoEdgeSpec.of(model, Settings.defaults());
        spec.requireFits(image);
        assertThrows(JobException.class, () -> spec.requireFits(image - 1));
    }

    @Test
    void filesOfAnotherShapeAreNamed() throws IOException {
        folder(kind("llama"), null);
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"added_tokens_decoder\": {\"x\": {\"content\": \"<a>\"}}}");
        assertTold("tokenizer_config.json");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"added_tokens_decoder\": {\"7\": 5}}");
        assertTold("tokenizer_config.json");
        Files.writeString(folder.resolve("tokenizer.json"), "[]");
        assertTold("tokenizer.json");
    }

    private void assertTold(String file) {
        JobException e = assertThrows(
                JobException.class, () -> NanoEdgeSpec.of(HfModelFolder.open(folder), Settings.defaults()));
        assertTrue(e.getMessage().contains(file), e.getMessage());
    }

    @Test
    void anOlderTokenizerFileIsToldHowToConvert() throws IOException {
        HfModelFolder model = folder(kind("llama"), null);
        Files.delete(folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("tokenizer.model"), "x");
        JobException e = assertThrows(JobException.class, () -> NanoEdgeSpec.of(model, Settings.defaults()));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("AutoTokenizer.from_pretrained"), e.getMessage());
    }

    @Test
    void aCutNeverGoesThroughAPicture() throws IOException {
        HfModelFolder model = folder(kind("llama"), "llava-1.5");
        try (PromptTokenizer tokenizer = tokenizer(model)) {
            PromptIds prompts = ids(model, tokenizer);
            Sample sample = sample("one two", 2);
            int[] counts = {9, 9};
            int[] ids = prompts.of(sample, counts);
            int first = IntStream.range(0, ids.length)
                    .filter(t -> ids[t] == prompts.mediumId())
                    .findFirst()
                    .orElseThrow();
            int second = IntStream.range(first + 9, ids.length)
                    .filter(t -> ids[t] == prompts.mediumId())
                    .findFirst()
                    .orElseThrow();
            assertEquals(ids.length - 1, prompts.cut(sample, ids, counts, ids.length - 1));
            assertEquals(second + 9, prompts.cut(sample, ids, counts, second + 9));
            assertEquals(second, prompts.cut(sample, ids, counts, second + 8));
            assertEquals(second, prompts.cut(sample, ids, counts, second + 1));
            assertEquals(first + 9, prompts.cut(sample, ids, counts, first + 9));
            JobException e = assertThrows(JobException.class, () -> prompts.cut(sample, ids, counts, first + 8));
            assertTrue(e.getMessage().contains("at least " + (first + 9)), e.getMessage());
        }
    }
}
