package org.fednano.adapter;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;

/**
 * How the NanoAdapters of a run lie in one flat vector: for each trained modality m, {@code m.down} (H, R) then
 * {@code m.up} (R, H), row-major. Optimisers, Fisher estimators and mergers see the vector only.
 *
 * @param modalities trained modalities with their index in {@code PromptFeatures.modality}, in order
 * @param hidden H
 * @param rank R
 * @param alpha an adapter adds (alpha/R) · x W_down W_up
 */
public record AdapterLayout(List<Modality> modalities, int hidden, int rank, double alpha) implements Serializable {

    /** A modality: its name in tensors and settings, and the index that marks its tokens. */
    public record Modality(String name, byte index) implements Serializable {}

    /** One matrix in the vector. */
    public record Tensor(String name, int offset, int rows, int columns) implements Serializable {
        /** Values. */
        public int size() {
            return rows * columns;
        }
    }

    public AdapterLayout {
        modalities = List.copyOf(modalities);
        if (modalities.isEmpty() || hidden < 1 || rank < 1 || !(alpha > 0)) {
            throw new IllegalArgumentException("An adapter layout needs a modality, H >= 1, R >= 1, alpha > 0: got "
                    + modalities + ", H = " + hidden + ", R = " + rank + ", alpha = " + alpha);
        }
        Math.multiplyExact(Math.multiplyExact(2 * modalities.size(), hidden), rank);
    }

    /**
     * The layout for {@code adapter.modalities}.
     *
     * @param which {@code all}, or names separated by commas in any order; {@code both}, from before there were further
     *     encoders, is {@code image,text}
     * @param known the model's modalities with their index
     * @throws JobException with status 2 if a name is unknown, or comes twice
     */
    public static AdapterLayout of(String which, Map<String, Byte> known, int hidden, int rank, double alpha) {
        Set<String> wanted = new TreeSet<>();
        for (String name : (which.equals("both") ? "image,text" : which).split(",", -1)) {
            if (!wanted.add(name.strip())) {
                throw unknown(which, known);
            }
        }
        if (wanted.equals(Set.of("all"))) {
            wanted.addAll(known.keySet());
            wanted.remove("all");
        }
        if (!known.keySet().containsAll(wanted)) {
            throw unknown(which, known);
        }
        List<Modality> modalities = known.entrySet().stream()
                .filter(e -> wanted.contains(e.getKey()))
                .map(e -> new Modality(e.getKey(), e.getValue()))
                .sorted(Comparator.comparing(Modality::index))
                .toList();
        return new AdapterLayout(modalities, hidden, rank, alpha);
    }

    private static JobException unknown(String which, Map<String, Byte> known) {
        return JobException.usage("Setting '" + MethodKeys.MODALITIES.key() + "' must be all, or one or more of "
                + known.keySet() + " separated by commas: found '" + which
                + "'. Name other modalities, or their encoders in model.encoders.");
    }

    /** The layout of a model with pictures and text alone. */
    public static AdapterLayout of(String which, int hidden, int rank, double alpha) {
        return of(which, Map.of("image", PromptFeatures.IMAGE, "text", PromptFeatures.TEXT), hidden, rank, alpha);
    }

    /** Values in the vector: 2·H·R per modality. */
    public int size() {
        return 2 * modalities.size() * hidden * rank;
    }

    /** s = alpha/R. */
    public float scale() {
        return (float) (alpha / rank);
    }

    /** Offset of {@code down} of the m-th trained modality. */
    public int downOffset(int m) {
        return 2 * m * hidden * rank;
    }

    /** Offset of {@code up} of the m-th trained modality. */
    public int upOffset(int m) {
        return (2 * m + 1) * hidden * rank;
    }

    /** The matrices in order, such as {@code image.down}, {@code image.up}, {@code text.down}, {@code text.up}. */
    public List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        for (int m = 0; m < modalities.size(); m++) {
            String name = modalities.get(m).name();
            tensors.add(new Tensor(name + ".down", downOffset(m), hidden, rank));
            tensors.add(new Tensor(name + ".up", upOffset(m), rank, hidden));
        }
        return tensors;
    }
}
