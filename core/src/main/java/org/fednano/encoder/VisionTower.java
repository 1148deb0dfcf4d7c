package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * CLIP's vision transformer and LLaVA's connector as functions over named weights, with the names that transformers
 * gives them. Frozen weights make it the client's encoder, weights with gradients make it trainable: the same code.
 */
public final class VisionTower {

    /** Prefix of the vision tower's tensors. */
    public static final String TOWER = "vision_tower.vision_model.";

    /** Prefix of the connector's tensors. */
    public static final String PROJECTOR = "multi_modal_projector.";

    private final VisionConfig config;
    private final NamedArrays weights;

    /**
     * @param config shapes
     * @param weights tensors with the prefixes {@link #TOWER} and {@link #PROJECTOR}; not closed here
     */
    public VisionTower(VisionConfig config, NamedArrays weights) {
        this.config = config;
        this.weights = weights;
    }

    /**
     * Prompt embeddings of pictures.
     *
     * @param pixels (B, 3, S, S), normalised
     * @return (B, imageTokens, H)
     */
    public NDArray imageEmbeddings(NDArray pixels) {
        return project(features(pixels));
    }

    /**
     * The vision tower alone.
     *
     * @param pixels (B, 3, S, S), normalised
     * @return (B, imageTokens, D)
     */
    public NDArray features(NDArray pixels) {
        long d = config.width();
        NDArray x = embed(pixels); // (B, P + 1, D)
        x = norm(x, TOWER + "pre_layrnorm");
        for (int layer = 0; layer < config.usedLayers(); layer++) {
            String name = TOWER + "encoder.layers." + layer + ".";
            x = x.add(selfAttention(norm(x, name + "layer_norm1"), name + "self_attn."));
            NDArray inner = linear(norm(x, name + "layer_norm2"), name + "mlp.fc1", config.mlpWidth(), d);
            x = x.add(linear(ArrayOps.activation(config.activation(), inner), name + "mlp.fc2", d, config.mlpWidth()));
        }
        return config.keepsClassToken() ? x : x.get(":, 1:");
    }

    /**
     * LLaVA's connector: two linear layers.
     *
     * @param features (B, imageTokens, D)
     * @return (B, imageTokens, H)
     */
    public NDArray project(NDArray features) {
        NDArray inner = linear(features, PROJECTOR + "linear_1", config.hidden(), config.width());
        return linear(
                ArrayOps.activation(config.projectorActivation(), inner),
                PROJECTOR + "linear_2",
                config.hidden(),
                config.hidden());
    }

    private NDArray embed(NDArray pixels) {
        long b = pixels.getShape().get(0);
        long g = config.grid();
        long p = config.patchSize();
        long d = config.width();
        // A convolution whose stride is its size is a matrix product over patches.
        NDArray patches = pixels.reshape(new Shape(b, 3, g, p, g, p))
                .transpose(0, 2, 4, 1, 3, 5)
                .reshape(b, g * g, 3 * p * p);
        NDArray kernel = weights.get(TOWER + "embeddings.patch_embedding.weight", d, 3, p, p)
                .reshape(d, 3 * p * p);
        NDArray embedded = ArrayOps.linear(patches, kernel, null); // (B, P, D)
        NDArray first = weights.get(TOWER + "embeddings.class_embedding", d)
                .reshape(1, 1, d)
                .broadcast(b, 1, d);
        return ArrayOps.concat(1, first, embedded)
                .add(weights.get(TOWER + "embeddings.position_embedding.weight", g * g + 1, d));
    }

    private NDArray selfAttention(NDArray x, String name) {
        long d = config.width();
        long heads = config.heads();
        String[] parts = {"q_proj", "k_proj", "v_proj"};
        NDList qkv = ArrayOps.linear(
                        x,
                        Arrays.stream(parts)
                                .map(p -> weights.get(name + p + ".weight", d, d))
                                .toList(),
                        Arrays.stream(parts)
                                .map(p -> weights.get(name + p + ".bias", d))
                                .toList())
                .split(3, 2);
        NDArray q = ArrayOps.heads(qkv.get(0), heads);
        NDArray k = ArrayOps.heads(qkv.get(1), heads);
        NDArray v = ArrayOps.heads(qkv.get(2), heads);
        return linear(ArrayOps.attention(q, k, v, null), name + "out_proj", d, d);
    }

    private NDArray linear(NDArray x, String name, long out, long in) {
        return ArrayOps.linear(x, weights.get(name + ".weight", out, in), weights.get(name + ".bias", out));
    }

    private NDArray norm(NDArray x, String name) {
        return ArrayOps.layerNorm(
                x,
                weights.get(name + ".weight", config.width()),
                weights.get(name + ".bias", config.width()),
                config.epsilon());
    }
}
