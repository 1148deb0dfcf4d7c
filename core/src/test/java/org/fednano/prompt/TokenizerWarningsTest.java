package org.fednano.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On checkpoints as transformers writes them, with one number or word changed. */
class TokenizerWarningsTest {

    private static final Path FIXTURES = Path.of("../tests/src/test/resources/parity");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path folder;

    @BeforeEach
    void copy() throws IOException {
        try (Stream<Path> files = Files.list(FIXTURES.resolve("v5-siglip-qwen2"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    private static ObjectNode read(Path file) throws IOException {
        return (ObjectNode) JSON.readTree(Files.readString(file));
    }

    private interface Change {
        void in(ObjectNode json);
    }

    private void change(String file, Change change) throws IOException {
        ObjectNode json = read(folder.resolve(file));
        change.in(json);
        Files.writeString(folder.resolve(file), json.toString());
    }

    private void warnedOf(String... parts) {
        List<String> warnings = TokenizerWarnings.of(HfModelFolder.open(folder));
        assertEquals(1, warnings.size(), warnings.toString());
        for (String part : parts) {
            assertTrue(warnings.get(0).contains(part), part + " expected in " + warnings);
        }
    }

    @Test
    void publishedLayoutsAreNotWarnedOf() throws IOException {
        List<Path> folders;
        try (Stream<Path> all = Files.list(FIXTURES)) {
            folders = all.filter(Files::isDirectory).toList();
        }
        for (Path fixture : folders) {
            assertEquals(List.of(), TokenizerWarnings.of(HfModelFolder.open(fixture)), fixture.toString());
        }
        Path shipped = Path.of("../conf/models/nano-llava");
        assertEquals(List.of(), TokenizerWarnings.of(HfModelFolder.open(shipped)));
    }

    @Test
    void anotherEndTokenIsWarnedOfUnlessOneOfTheConfigsHasIt() throws IOException {
        int own = read(folder.resolve("config.json"))
                .path("text_config")
                .path("eos_token_id")
                .asInt();
        change("config.json", json -> ((ObjectNode) json.path("text_config")).put("eos_token_id", 3));
        warnedOf("eos_token '<|im_end|>'", "id " + own, "eos_token_id 3");
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [3, " + own + "]}");
        assertEquals(List.of(), TokenizerWarnings.of(HfModelFolder.open(folder)));
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [3, 4]}");
        warnedOf("eos_token_id [3, 4]");
    }

    @Test
    void startPaddingAndUnknownTextsAreWarnedOf() throws IOException {
        change("config.json", json -> ((ObjectNode) json.path("text_config")).put("pad_token_id", 3));
        warnedOf("pad_token '<|endoftext|>'", "pad_token_id 3");
        change("config.json", json -> ((ObjectNode) json.path("text_config")).put("pad_token_id", -1));
        change("tokenizer_config.json", json -> json.put("bos_token", "<begin>"));
        warnedOf("bos_token '<begin>'", "not in tokenizer.json");
        change("config.json", json -> ((ObjectNode) json.path("text_config")).put("bos_token_id", 3));
        change("tokenizer_config.json", json -> json.put("bos_token", "<|im_start|>"));
        warnedOf("bos_token '<|im_start|>'", "bos_token_id 3");
    }

    @Test
    void anotherImageTokenIsWarnedOf() throws IOException {
        change("tokenizer_config.json", json -> json.remove("image_token"));
        change("processor_config.json", json -> json.put("image_token", "<|im_start|>"));
        warnedOf("image_token '<|im_start|>' in processor_config.json", "image_token_index");
    }

    @Test
    void idsWithoutARowAreRefused() throws IOException {
        change("tokenizer.json", json -> json.withArray("added_tokens")
                .addObject()
                .put("id", 5000)
                .put("content", "<far>")
                .put("special", true));
        String message = assertThrows(JobException.class, () -> TokenizerWarnings.of(HfModelFolder.open(folder)))
                .getMessage();
        assertTrue(message.contains("5000") && message.contains("<far>"), message);
    }

    @Test
    void aFolderWithoutATokenizerHasNothingToContradict() throws IOException {
        Files.delete(folder.resolve("tokenizer.json"));
        assertEquals(List.of(), TokenizerWarnings.of(HfModelFolder.open(folder)));
    }
}
