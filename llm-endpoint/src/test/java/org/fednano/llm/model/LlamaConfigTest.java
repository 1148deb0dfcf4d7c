package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Set;
import org.fednano.llm.model.LlamaConfig.Biases;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaConfigTest {

    private static JsonNode json(String text) {
        return HfModelFolder.json(text.replace('\'', '"'), Path.of("config.json"));
    }

    private static LlamaConfig of(String text) {
        return LlamaConfig.of(json(text));
    }

    private static LlamaConfig text(String fields) {
        return of("{'model_type': 'llava', 'image_token_index': 7, 'text_config': {" + fields + "}}");
    }

    private static final Rope PLAIN = new Rope(10000, new Rope.Unscaled());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'hidden_size': 2147483646",
                "'intermediate_size': 2147483647",
                "'num_hidden_layers': 2147483647",
                "'num_attention_heads': 2147483647, 'num_key_value_heads': 2147483647",
                "'num_key_value_heads': 2147483647",
                "'head_dim': 2147483646",
                "'vocab_size': 2147483647",
                "'max_position_embeddings': 2147483647"
            })
    void absurdNumbersAreRefusedBeforeAnythingIsMadeOfThem(String field) {
        JobException e = assertThrows(JobException.class, () -> text(field));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("there can be"), e.getMessage());
    }

    /** What {@code LlamaConfig()}, {@code MistralConfig()} and {@code Qwen2Config()} of transformers 4.57.3 hold. */
    @Test
    void absentValuesAreThoseOfTheModelType() {
        assertEquals(
                new LlamaConfig(
                        4096, 11008, 32, 32, 32, 128, 32000, 2048, 1e-6, PLAIN, Biases.NONE, 0, false, Set.of(2), 7),
                text(""));
        assertEquals(
                new LlamaConfig(
                        4096,
                        14336,
                        32,
                        32,
                        8,
                        128,
                        32000,
                        131072,
                        1e-6,
                        PLAIN,
                        Biases.NONE,
                        4096,
                        false,
                        Set.of(2),
                        -1),
                of("{'model_type': 'mistral'}"));
        assertEquals(
                new LlamaConfig(
                        4096,
                        22016,
                        32,
                        32,
                        32,
                        128,
                        151936,
                        32768,
                        1e-6,
                        PLAIN,
                        new Biases(true, false, false),
                        0,
                        false,
                        Set.of(),
                        -1),
                of("{'model_type': 'qwen2'}"));
    }

    @Test
    void headsAndBiasesAreAsConfigured() {
        LlamaConfig c = text("'num_attention_heads': 6, 'num_key_value_heads': 2, 'hidden_size': 32, 'head_dim': 14,"
                + " 'attention_bias': true, 'tie_word_embeddings': true, 'rms_norm_eps': 1e-5");
        assertEquals(14, c.headWidth());
        assertEquals(2, c.keyValueHeads());
        assertEquals(new Biases(true, true, false), c.biases());
        assertTrue(c.tied());
        assertEquals(1e-5, c.epsilon());
        assertEquals(
                8,
                text("'num_attention_heads': 4, 'hidden_size': 32, 'head_dim': null")
                        .headWidth());
        assertEquals(
                4,
                text("'model_type': 'mistral', 'num_attention_heads': 4, 'num_key_value_heads': null")
                        .keyValueHeads());
        assertEquals(
                Biases.NONE,
                text("'model_type': 'mistral', 'attention_bias': true").biases());
        assertEquals(
                Biases.NONE.mlp(),
                text("'model_type': 'qwen2', 'mlp_bias': true").biases().mlp());
    }

    /** Before transformers 5 the outer config alone said nothing about tying; then it came to tie, too. */
    @Test
    void theLanguageModelsConfigTiesAndSinceFiveTheOuterOneToo() {
        String outer =
                "{'model_type': 'llava', 'tie_word_embeddings': true, 'text_config': {}, 'transformers_version': '%s'}";
        assertFalse(of("{'model_type': 'llava', 'tie_word_embeddings': true, 'text_config': {}}")
                .tied());
        assertFalse(of(outer.formatted("4.57.3")).tied());
        assertTrue(of(outer.formatted("5.0.0rc1")).tied());
        assertTrue(of(outer.formatted("10.1.0")).tied());
        assertTrue(
                of("{'model_type': 'llava', 'tie_word_embeddings': false, 'text_config': {'tie_word_embeddings': true}}")
                        .tied());
    }

    @Test
    void mistralsWindowIsOnUnlessNull() {
        assertEquals(0, text("'model_type': 'mistral', 'sliding_window': null").window());
        assertEquals(5, text("'model_type': 'mistral', 'sliding_window': 5").window());
        assertEquals(0, text("'model_type': 'llama', 'sliding_window': 5").window());
        assertEquals(
                0,
                text("'model_type': 'qwen2', 'use_sliding_window': false, 'sliding_window': 5")
                        .window());
    }

    @Test
    void rotaryEmbeddingsOfAllGenerations() {
        assertEquals(
                new Rope(5e5, new Rope.Unscaled()),
                text("'rope_theta': 500000.0, 'rope_scaling': null").rope());
        Rope linear = new Rope(10000, new Rope.Linear(2.5));
        assertEquals(
                linear,
                text("'rope_scaling': {'type': 'linear', 'factor': 2.5}").rope());
        assertEquals(
                linear,
                text("'rope_scaling': {'rope_type': 'linear', 'factor': 2.5}").rope());
        assertEquals(
                new Rope(7, new Rope.Llama3(8, 1, 4, 64)),
                text("'rope_parameters': {'rope_type': 'llama3', 'rope_theta': 7, 'factor': 8.0, 'low_freq_factor': 1,"
                                + " 'high_freq_factor': 4, 'original_max_position_embeddings': 64}")
                        .rope());
        assertEquals(
                new Rope(1e6, new Rope.Unscaled()),
                text("'rope_parameters': {'rope_type': 'default', 'rope_theta': 1000000.0}")
                        .rope());
        // As transformers 5.24 reads them.
        assertEquals(
                new Rope(7, new Rope.Unscaled()),
                text("'rope_parameters': {'rope_theta': 7}").rope());
        assertEquals(
                new Rope(10000, new Rope.Unscaled()),
                text("'rope_parameters': {}").rope());
        assertEquals(
                new Rope(10000, new Rope.Unscaled()),
                text("'rope_parameters': null").rope());
        assertEquals(
                new Rope(3, new Rope.Linear(2)),
                text("'rope_theta': 3, 'rope_scaling': {'type': 'linear', 'factor': 2},"
                                + " 'rope_parameters': {'rope_type': 'default', 'rope_theta': 9}")
                        .rope());
        assertEquals(
                new Rope(10000, new Rope.Linear(2)),
                text("'rope_scaling': {'rope_type': 'linear', 'type': null, 'rope_theta': null, 'factor': 2}")
                        .rope());
        assertEquals(
                new Rope(10000, new Rope.Llama3(8, 1, 4, 512)),
                text("'max_position_embeddings': 512, 'rope_parameters': {'rope_type': 'llama3', 'factor': 8,"
                                + " 'low_freq_factor': 1, 'high_freq_factor': 4}")
                        .rope());
    }

    /**
     * <pre>
     * from transformers import LlamaConfig; from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
     * c = LlamaConfig(hidden_size=32, num_attention_heads=2, head_dim=16, rope_theta=500000.0, rope_scaling=dict(
     *     rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
     *     original_max_position_embeddings=64))
     * ROPE_INIT_FUNCTIONS["llama3"](c, "cpu")[0].tolist()
     * </pre>
     */
    @Test
    void llama3FrequenciesAreThoseOfTransformers() {
        float[] expected = {
            1f,
            0.079403013f,
            0.00470075384f,
            0.000911583134f,
            0.000176776681f,
            3.42810235e-05f,
            6.64786967e-06f,
            1.28917316e-06f
        };
        float[] found = new Rope(500000, new Rope.Llama3(8, 1, 4, 64)).frequencies(16);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 2e-7 * expected[i]);
        }
    }

    @Test
    void endTokensAreFoundAsTransformersFindsThem() {
        assertEquals(Set.of(9), text("'eos_token_id': 9").endTokens());
        assertEquals(Set.of(9, 8), text("'eos_token_id': [8, 9]").endTokens());
        assertEquals(Set.of(), text("'eos_token_id': null").endTokens());
        assertEquals(
                Set.of(5),
                of("{'model_type': 'llava', 'eos_token_id': 5, 'text_config': {'eos_token_id': 9}}")
                        .endTokens());
        JsonNode config = json("{'model_type': 'llava', 'eos_token_id': 5, 'text_config': {}}");
        assertEquals(
                Set.of(1, 2),
                LlamaConfig.of(config, json("{'eos_token_id': [1, 2]}")).endTokens());
        assertEquals(
                Set.of(), LlamaConfig.of(config, json("{'max_length': 20}")).endTokens());
        assertThrows(JobException.class, () -> text("'eos_token_id': 'x'"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'model_type': 'gemma' | gemma",
                "'hidden_act': 'gelu' | gelu",
                "'model_type': 'qwen2', 'use_sliding_window': true | use_sliding_window",
                "'model_type': 'qwen2', 'layer_types': ['sliding_attention'] | sliding_attention",
                "'rope_scaling': {'type': 'yarn', 'factor': 2} | yarn",
                "'rope_scaling': {'type': 'dynamic', 'factor': 2} | dynamic",
                "'rope_scaling': {'type': 'linear'} | factor",
                "'rope_scaling': {'type': 'linear', 'factor': 0} | factor",
                "'rope_scaling': {'type': 'llama3', 'factor': 8} | low_freq_factor",
                "'rope_scaling': {'factor': 8} | rope_scaling",
                "'rope_parameters': {'full_attention': {}} | rope_parameters",
                "'partial_rotary_factor': 0.5 | partial_rotary_factor",
                "'quantization_config': {'quant_method': 'bitsandbytes'} | bitsandbytes",
                "'rope_theta': 'x' | rope_theta",
                "'rms_norm_eps': 'x' | rms_norm_eps",
                "'hidden_size': 0 | hidden_size",
                "'hidden_size': 2.5 | hidden_size",
                "'num_attention_heads': 6, 'num_key_value_heads': 4 | num_key_value_heads",
                "'head_dim': 7 | head_dim"
            })
    void whatIsNotSupportedIsRefusedByName(String fields, String word) {
        JobException e = assertThrows(JobException.class, () -> text(fields));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(word), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'model_type': 'gpt2'}", "{'model_type': 'llama', 'quantization_config': {}}"})
    void languageModelsAloneAreCheckedAlike(String config) {
        assertThrows(JobException.class, () -> of(config));
    }
}
