package org.fednano.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.weights.ModelType;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of a config that are of another kind are refused, not passed over as if they were not there. */
class VisionConfigTest {

    private static JsonNode config(String field, String value) throws JsonProcessingException {
        return new ObjectMapper()
                .readTree("{\"model_type\": \"llava\", \"image_token_index\": " + (field.isEmpty() ? value : "7")
                        + ", \"vision_config\": {\"model_type\": \"clip_vision_model\""
                        + (field.isEmpty() ? "" : ", \"" + field + "\": " + value) + "}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-5", "1e308", "\"many\"", "[1]", "{}", "true", "2147483647"})
    void anEpsilonIsASmallNumber(String value) throws JsonProcessingException {
        refused("layer_norm_eps", () -> VisionConfig.of(config("layer_norm_eps", value)));
        assertEquals(1e-5, VisionConfig.of(config("layer_norm_eps", "null")).epsilon());
        assertEquals(1e-3, VisionConfig.of(config("layer_norm_eps", "1e-3")).epsilon());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.5", "[1]", "{}", "\"7\"", "true", "1e308", "99999999999"})
    void aTokensIdIsAWholeNumber(String value) throws JsonProcessingException {
        JsonNode config = config("", value);
        refused("image_token_index", () -> ModelType.imageToken(config, 3));
        assertEquals(3, ModelType.imageToken(config("", "null"), 3));
    }

    private static void refused(String field, Executable action) {
        JobException e = assertThrows(JobException.class, action);
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(field), e.getMessage());
    }
}
