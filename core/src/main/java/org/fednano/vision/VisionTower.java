package org.fednano.vision;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig.Family;

/**
 * The vision transformers CLIP and SigLIP, and LLaVA's connector, as functions over named weights, with the names that
 * transformers gives them. Frozen weights make it the client's encoder, weights with gradients make it trainable: the same
 * code.
 */
public final class VisionTower {

    /** Prefix of the vision tower's tensors. */
    public static final String TOWER = "vision_tower.vision_model.";

    /** Prefix of the connector's tensors. */
    public static final String PROJECTOR = "multi_modal_projector.";

    /**
     * Tokens that go through the tower at once, at most. It bounds memory (ViT-L/14 at 336 pixels: four pictures, some
     * 0.3 GB beside the weights, whatever the batch) and is wide enough to keep two dozen cores busy.
     */
    static final int SLICE_TOKENS = 4096;

    private final VisionConfig config;
    private final NamedTensors weights;

    /**
     * @param config shapes
     * @param weights tensors with the prefixes {@link #TOWER} and {@link #PROJECTOR}; not closed here
     */
    public VisionTower(VisionConfig config, NamedTensors weights) {
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
        long slice = slice(pixels.getShape().get(0));
        return inSlices(pixels, slice, part -> project(features(part)));
    }

    /**
     * A function of pictures, so many of them at once.
     *
     * @param pictures (B, …)
     * @param slice divides B
     * @param function of (slice, …); all but its result is freed before the next slice
     * @return (B, …)
     */
    public static NDArray inSlices(NDArray pictures, long slice, UnaryOperator<NDArray> function) {
        long count = pictures.getShape().get(0);
        NDManager manager = pictures.getManager();
        if (slice >= count) {
            return kept(manager, () -> function.apply(pictures));
        }
        return kept(manager, () -> {
            NDList parts = new NDList();
            for (long from = 0; from < count; from += slice) {
                NDArray part = pictures.get(from + ":" + (from + slice)); // (slice, …)
                parts.add(kept(manager, () -> function.apply(part)));
            }
            return ArrayOps.concat(0, parts.get(0), parts.subNDList(1).toArray(new NDArray[0]));
        });
    }

    /**
     * Pictures at once. It divides the batch: kernels round differently with their shape, and a picture's features must not
     * depend on its place.
     */
    public long slice(long pictures) {
        long slice = Math.max(1, Math.min(pictures, SLICE_TOKENS / config.towerTokens()));
        while (pictures % slice != 0) {
            slice--;
        }
        return slice;
    }

    /**
     * The vision tower alone: outputs of {@code vision_feature_layer}, before any last norm.
     *
     * @param pixels (B, 3, S, S), normalised
     * @return (B, imageTokens, D · F)
     */
    public NDArray features(NDArray pixels) {
        NDManager manager = pixels.getManager();
        NDArray[] states = new NDArray[config.usedLayers() + 1]; // (B, towerTokens, D) of each feature layer
        NDArray x = kept(manager, () -> embed(pixels));
        for (int layer = 0; layer < states.length; layer++) {
            NDArray state = x;
            boolean isFeature = config.featureLayers().contains(layer);
            if (isFeature) {
                states[layer] = state;
            }
            if (layer + 1 < states.length) {
                String name = TOWER + "encoder.layers." + layer + ".";
                NDArray attended = kept(manager, () -> attend(state, name));
                x = kept(manager, () -> think(attended, name));
                attended.close();
                if (!isFeature) {
                    state.close();
                }
            }
        }
        return kept(manager, () -> select(states));
    }

    private NDArray select(NDArray[] states) {
        NDArray[] selected = config.featureLayers().stream()
                .map(layer -> config.keepsFirstToken() ? states[layer] : states[layer].get(":, 1:"))
                .toArray(NDArray[]::new);
        return selected.length == 1
                ? selected[0]
                : ArrayOps.concat(2, selected[0], Arrays.copyOfRange(selected, 1, selected.length));
    }

    /**
     * LLaVA's connector: two linear layers.
     *
     * @param features (B, imageTokens, D · F)
     * @return (B, imageTokens, H)
     */
    public NDArray project(NDArray features) {
        return kept(features.getManager(), () -> {
            NDArray inner = projector(features, "linear_1", config.featureWidth());
            return projector(ArrayOps.activation(config.projectorActivation(), inner), "linear_2", config.hidden());
        });
    }

    private NDArray projector(NDArray x, String layer, long in) {
        NDArray weight = weights.get(PROJECTOR + layer + ".weight", config.hidden(), in);
        NDArray bias = config.projectorBias() ? weights.get(PROJECTOR + layer + ".bias", config.hidden()) : null;
        return ArrayOps.linear(x, weight, bias);
    }

    /** Patches and positions: (B, towerTokens, D). */
    private NDArray embed(NDArray pixels) {
        boolean clip = config.family() == Family.CLIP;
        String name = TOWER + "embeddings.";
        long b = pixels.getShape().get(0);
        long p = config.patchSize();
        long d = config.width();
        NDArray kernel =
                weights.get(name + "patch_embedding.weight", d, 3, p, p).reshape(d, 3 * p * p);
        NDArray bias = clip ? null : weights.get(name + "patch_embedding.bias", d);
        NDArray x = ArrayOps.linear(patches(pixels), kernel, bias); // (B, P, D)
        if (clip) {
            NDArray first =
                    weights.get(name + "class_embedding", d).reshape(1, 1, d).broadcast(b, 1, d);
            x = ArrayOps.concat(1, first, x);
        }
        x = x.add(weights.get(name + "position_embedding.weight", config.towerTokens(), d));
        return clip ? norm(x, TOWER + "pre_layrnorm") : x;
    }

    /** A convolution whose stride is its size is a matrix product over patches: (B, P, 3 · patch²). */
    private NDArray patches(NDArray pixels) {
        long b = pixels.getShape().get(0);
        long g = config.grid();
        long p = config.patchSize();
        NDArray whole = g * p == config.imageSize() ? pixels : pixels.get(":, :, :" + g * p + ", :" + g * p);
        return whole.reshape(new Shape(b, 3, g, p, g, p))
                .transpose(0, 2, 4, 1, 3, 5)
                .reshape(b, g * g, 3 * p * p);
    }

    /** x plus attention: (B, towerTokens, D). */
    private NDArray attend(NDArray x, String name) {
        return x.add(selfAttention(norm(x, name + "layer_norm1"), name + "self_attn."));
    }

    /** x plus MLP: (B, towerTokens, D). */
    private NDArray think(NDArray x, String name) {
        long d = config.width();
        NDArray inner = linear(norm(x, name + "layer_norm2"), name + "mlp.fc1", config.mlpWidth(), d);
        return x.add(linear(ArrayOps.activation(config.activation(), inner), name + "mlp.fc2", d, config.mlpWidth()));
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

    /**
     * The result of some operations, and nothing else of what they made: values in between are many times larger, and would
     * stay until the manager closes. (Autograd keeps what it needs itself.)
     */
    private static NDArray kept(NDManager manager, Supplier<NDArray> operations) {
        NDArray result;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            result = operations.get();
            result.attach(manager);
            NDScope.unregister(result);
        }
        NDScope.register(result); // the caller's scope, if there is one
        return result;
    }
}
