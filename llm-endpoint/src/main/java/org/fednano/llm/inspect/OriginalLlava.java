package org.fednano.llm.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.fednano.settings.JobException;

/**
 * Configs as LLaVA's authors publish them, read as Hugging Face writes them. The language model's fields stand at the top
 * there, and the vision tower is only named, so its shape comes from the list of known ones. Such checkpoints hold no
 * vision tower and can be inspected, not run.
 *
 * @see <a href="https://github.com/haotian-liu/LLaVA">LLaVA</a>
 */
final class OriginalLlava {

    private record Tower(String family, int hidden, int inner, int layers, int heads, int image, int patch) {}

    /** Shapes as in the towers' own published configs. */
    private static final Map<String, Tower> TOWERS = Map.of(
            "openai/clip-vit-large-patch14",
            new Tower("clip_vision_model", 1024, 4096, 24, 16, 224, 14),
            "openai/clip-vit-large-patch14-336",
            new Tower("clip_vision_model", 1024, 4096, 24, 16, 336, 14),
            "google/siglip-so400m-patch14-384",
            new Tower("siglip_vision_model", 1152, 4304, 27, 16, 384, 14));

    private OriginalLlava() {}

    /** Whether this is such a config. */
    static boolean is(JsonNode config) {
        return config.has("mm_vision_tower");
    }

    /**
     * The same model in Hugging Face's layout.
     *
     * @throws JobException with status 3 for a tower or connector that is not known
     */
    static JsonNode converted(JsonNode config) {
        String name = config.path("mm_vision_tower").asText();
        Tower tower = TOWERS.get(name);
        if (tower == null) {
            throw JobException.badInput("mm_vision_tower of an original LLaVA config must be one of "
                    + TOWERS.keySet().stream().sorted().toList() + ": found '" + name
                    + "'. Inspect a config in Hugging Face layout instead, which says the tower's shape itself.");
        }
        String connector = config.path("mm_projector_type").asText("linear");
        if (!connector.equals("mlp2x_gelu")) {
            throw JobException.badInput(
                    "mm_projector_type must be mlp2x_gelu: found '" + connector + "'. Other connectors are not read.");
        }
        ObjectNode read = JsonMapper.builder().build().createObjectNode();
        read.put("model_type", "llava")
                .put("torch_dtype", config.path("torch_dtype").asText("float16"))
                .put(
                        "vision_feature_layer",
                        config.path("mm_vision_select_layer").asInt(-2))
                .put(
                        "vision_feature_select_strategy",
                        config.path("mm_vision_select_feature").asText("patch").equals("patch") ? "default" : "full");
        read.set("text_config", ((ObjectNode) config.deepCopy()).put("model_type", decoder(config)));
        read.putObject("vision_config")
                .put("model_type", tower.family())
                .put("hidden_size", tower.hidden())
                .put("intermediate_size", tower.inner())
                .put("num_hidden_layers", tower.layers())
                .put("num_attention_heads", tower.heads())
                .put("image_size", tower.image())
                .put("patch_size", tower.patch());
        return read;
    }

    /** {@code llava} and {@code llava_llama} hold a LLaMA, {@code llava_mistral} a Mistral, and so on. */
    private static String decoder(JsonNode config) {
        String type = config.path("model_type").asText();
        return type.startsWith("llava_") ? type.substring("llava_".length()) : "llama";
    }
}
