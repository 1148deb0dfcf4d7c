package org.fednano.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.fednano.settings.JobException;

/**
 * Frequencies of the rotary embedding.
 *
 * @param theta base
 * @param scaling how they are changed for contexts longer than those of pretraining
 */
public record Rope(double theta, Scaling scaling) {

    /** One way of scaling, on one frequency. */
    public sealed interface Scaling {

        /** The frequency used instead of {@code frequency}, radians per position. */
        float of(float frequency);
    }

    /** As pretrained. */
    public record Unscaled() implements Scaling {
        @Override
        public float of(float frequency) {
            return frequency;
        }
    }

    /** Positions divided by a factor. */
    public record Linear(double factor) implements Scaling {
        @Override
        public float of(float frequency) {
            return frequency / (float) factor;
        }
    }

    /**
     * Llama 3's: long waves divided by a factor, short ones kept, a smooth way between the two. As
     * {@code _compute_llama3_parameters} of transformers 4.57 computes it.
     *
     * @param factor of the long waves
     * @param low the context holds so many of the shortest waves that are divided entirely
     * @param high the context holds so many of the longest waves that are kept
     * @param context positions of pretraining
     */
    public record Llama3(double factor, double low, double high, double context) implements Scaling {
        @Override
        public float of(float frequency) {
            double wave = 2 * Math.PI / frequency;
            if (wave > context / low) {
                return frequency / (float) factor;
            }
            if (wave < context / high) {
                return frequency;
            }
            double smooth = (context / wave - low) / (high - low);
            return (float) ((1 - smooth) * frequency / factor + smooth * frequency);
        }
    }

    /**
     * Reads what a decoder's config says: {@code rope_theta} and {@code rope_scaling}, or {@code rope_parameters}, which holds
     * both since transformers 5.
     *
     * @throws JobException with status 3 if the scaling is of a type that is not supported, or incomplete
     */
    static Rope of(JsonNode text) {
        String field = isFilled(text.path("rope_scaling")) ? "rope_scaling" : "rope_parameters";
        JsonNode scaling = text.path(field);
        double theta = number(scaling.hasNonNull("rope_theta") ? scaling : text, "rope_theta", 10000.0);
        for (JsonNode node : new JsonNode[] {text, scaling}) {
            double part = number(node, "partial_rotary_factor", 1.0);
            if (part != 1) {
                throw JobException.badInput("partial_rotary_factor in config.json must be absent or 1: found " + part
                        + ". Serve such models through an endpoint of their own.");
            }
        }
        return new Rope(theta, scaling(text, field, scaling));
    }

    private static boolean isFilled(JsonNode node) {
        return node.isObject() && !node.isEmpty();
    }

    private static Scaling scaling(JsonNode text, String field, JsonNode scaling) {
        if (scaling.isMissingNode() || scaling.isNull()) {
            return new Unscaled();
        }
        JsonNode name = scaling.hasNonNull("rope_type") ? scaling.path("rope_type") : scaling.path("type");
        Set<String> others = new TreeSet<>();
        scaling.fieldNames().forEachRemaining(others::add);
        others.removeAll(List.of("rope_theta", "partial_rotary_factor", "rope_type", "type"));
        String type = name.asText(scaling.isObject() && others.isEmpty() ? "default" : "");
        return switch (type) {
            case "default" -> new Unscaled();
            case "linear" -> new Linear(number(scaling, "factor", null));
            case "llama3" -> llama3(text, scaling);
            default -> throw JobException.badInput("The type in " + field + " of config.json must be default, linear or"
                    + " llama3: found " + (type.isEmpty() ? scaling : "'" + type + "'")
                    + ". Serve such models through an endpoint of their own.");
        };
    }

    /** The context of pretraining stands in the scaling, beside it, or is the model's. */
    private static Llama3 llama3(JsonNode text, JsonNode scaling) {
        String context = "original_max_position_embeddings";
        JsonNode holder = scaling.hasNonNull(context) ? scaling : text;
        Llama3 read = new Llama3(
                number(scaling, "factor", null),
                number(scaling, "low_freq_factor", null),
                number(scaling, "high_freq_factor", null),
                number(holder, holder.hasNonNull(context) ? context : "max_position_embeddings", null));
        if (read.high <= read.low) {
            throw JobException.badInput("high_freq_factor of the rotary embedding in config.json must be larger than"
                    + " low_freq_factor: found " + scaling + ".");
        }
        return read;
    }

    private static double number(JsonNode node, String field, Double absent) {
        JsonNode value = node.path(field);
        if (absent != null && (value.isMissingNode() || value.isNull())) {
            return absent;
        }
        double read = value.isNumber() ? value.doubleValue() : -1;
        if (!(read > 0) || Double.isInfinite(read)) {
            throw JobException.badInput(
                    field + " of the rotary embedding in config.json must be a number above 0: found "
                            + (value.isMissingNode() ? "none" : value) + ".");
        }
        return read;
    }

    /**
     * Radians per position, in float32 as transformers computes them.
     *
     * @param width E, of a head
     * @return (E / 2)
     */
    float[] frequencies(int width) {
        float[] frequencies = new float[width / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = scaling.of((float) (1 / Math.pow(theta, (double) (2 * i) / width)));
        }
        return frequencies;
    }
}
