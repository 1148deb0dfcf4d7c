package org.fednano.vision;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.vision.VisionConfig.Family;
import org.fednano.weights.TensorSource;

/** The tensors that a config's vision tower and connector are made of. */
public final class VisionTensors {

    /** A table of positions 0, 1, … that old checkpoints hold. */
    private static final String POSITION_IDS = VisionTower.TOWER + "embeddings.position_ids";

    private VisionTensors() {}

    /**
     * Checks a model's tensors before any of them is loaded or sent.
     *
     * @throws JobException with status 3 if one is missing or of another shape, or if the model has more of them: features
     *     without a layer or a bias that is there would be those of another model
     */
    public static void require(VisionConfig config, TensorSource model) {
        Map<String, long[]> known = new HashMap<>(unread(config));
        known.putAll(read(config));
        read(config).forEach(model::require);
        for (String name : model.only(VisionTower.TOWER, VisionTower.PROJECTOR).names()) {
            if (known.containsKey(name)) {
                model.require(name, known.get(name));
            } else if (!name.equals(POSITION_IDS)) {
                throw JobException.badInput("Tensor " + name + " in " + model.origin(name)
                        + " has no place in the vision tower of " + config.layers() + " layers and the connector that"
                        + " config.json describes: expected only their " + known.size()
                        + " tensors, found this one too. The weights do not belong to the model's config.json.");
            }
        }
    }

    /** The tensors that features are computed with, out of a model's. */
    public static TensorSource of(VisionConfig config, TensorSource model) {
        return model.only(read(config).keySet().toArray(String[]::new));
    }

    private static Map<String, long[]> read(VisionConfig config) {
        Map<String, long[]> shapes = tower(config);
        shapes.keySet().removeAll(unread(config).keySet());
        shapes.putAll(connector(config));
        return shapes;
    }

    /** Names and shapes of a tower as checkpoints hold it, without what only {@link #unread} has. */
    public static Map<String, long[]> tower(VisionConfig c) {
        long d = c.width();
        long patch = c.patchSize();
        String name = VisionTower.TOWER + "embeddings.";
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(name + "patch_embedding.weight", new long[] {d, 3, patch, patch});
        shapes.put(name + "position_embedding.weight", new long[] {c.towerTokens(), d});
        if (c.family() == Family.CLIP) {
            shapes.put(name + "class_embedding", new long[] {d});
            norm(shapes, VisionTower.TOWER + "pre_layrnorm", d);
        } else {
            shapes.put(name + "patch_embedding.bias", new long[] {d});
        }
        for (int layer = 0; layer < c.layers(); layer++) {
            layer(shapes, c, layer);
        }
        return shapes;
    }

    private static void layer(Map<String, long[]> shapes, VisionConfig c, int layer) {
        long d = c.width();
        String name = VisionTower.TOWER + "encoder.layers." + layer + ".";
        norm(shapes, name + "layer_norm1", d);
        for (String part : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
            linear(shapes, name + "self_attn." + part, d, d);
        }
        norm(shapes, name + "layer_norm2", d);
        linear(shapes, name + "mlp.fc1", c.mlpWidth(), d);
        linear(shapes, name + "mlp.fc2", d, c.mlpWidth());
    }

    /** What LLaVA does not compute with: layers behind the last feature, the last norm, SigLIP's head. */
    static Map<String, long[]> unread(VisionConfig c) {
        Map<String, long[]> shapes = new LinkedHashMap<>(lastNorm(c));
        if (c.family() == Family.SIGLIP) {
            shapes.putAll(head(c));
        }
        for (int layer = c.usedLayers(); layer < c.layers(); layer++) {
            layer(shapes, c, layer);
        }
        return shapes;
    }

    /** The norm behind the last layer. */
    public static Map<String, long[]> lastNorm(VisionConfig c) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        norm(shapes, VisionTower.TOWER + "post_layernorm", c.width());
        return shapes;
    }

    /** SigLIP's pooling: a probe that attends to all patches, with an MLP behind it. */
    public static Map<String, long[]> head(VisionConfig c) {
        long d = c.width();
        String name = VisionTower.TOWER + "head.";
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(name + "probe", new long[] {1, 1, d});
        shapes.put(name + "attention.in_proj_weight", new long[] {3 * d, d});
        shapes.put(name + "attention.in_proj_bias", new long[] {3 * d});
        linear(shapes, name + "attention.out_proj", d, d);
        norm(shapes, name + "layernorm", d);
        linear(shapes, name + "mlp.fc1", c.mlpWidth(), d);
        linear(shapes, name + "mlp.fc2", d, c.mlpWidth());
        return shapes;
    }

    /** LLaVA's connector. */
    public static Map<String, long[]> connector(VisionConfig c) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        long[] widths = {c.featureWidth(), c.hidden()};
        for (int layer = 1; layer <= 2; layer++) {
            String name = VisionTower.PROJECTOR + "linear_" + layer;
            shapes.put(name + ".weight", new long[] {c.hidden(), widths[layer - 1]});
            if (c.projectorBias()) {
                shapes.put(name + ".bias", new long[] {c.hidden()});
            }
        }
        return shapes;
    }

    private static void linear(Map<String, long[]> shapes, String name, long out, long in) {
        shapes.put(name + ".weight", new long[] {out, in});
        shapes.put(name + ".bias", new long[] {out});
    }

    private static void norm(Map<String, long[]> shapes, String name, long width) {
        shapes.put(name + ".weight", new long[] {width});
        shapes.put(name + ".bias", new long[] {width});
    }
}
