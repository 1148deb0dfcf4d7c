package org.fednano.weights;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.fednano.settings.JobException;

/**
 * Named float32 tensors that are handed over piece by piece: whoever fills native memory from one never holds a model
 * twice, and a tensor may be larger than a Java array. May be read from many threads.
 */
public interface TensorSource {

    /** Names of the tensors. */
    SortedSet<String> names();

    /**
     * Sizes of a tensor, outermost first; none for a scalar.
     *
     * @throws JobException with status 3 if there is no such tensor
     */
    long[] shape(String name);

    /**
     * Reads some values of a tensor, row-major, widened to float32.
     *
     * @param from index of the first value
     * @param target takes values from + [0, target.remaining()); its position moves to its limit
     * @throws JobException with status 3 if there is no such tensor, or it cannot be read as float32
     */
    void read(String name, long from, FloatBuffer target);

    /** Where a tensor lies, for messages: its file, and its name there if that is another. */
    default String origin(String name) {
        return "the model's weights";
    }

    /** Number of values of a tensor. */
    default long size(String name) {
        return Arrays.stream(shape(name)).reduce(1, Math::multiplyExact);
    }

    /**
     * A whole tensor on the Java heap, for small ones.
     *
     * @throws JobException with status 3 if it is larger than a Java array
     */
    default FloatTensor tensor(String name) {
        long size = size(name);
        if (size > Integer.MAX_VALUE - 8) {
            throw JobException.badInput("Tensor " + name + " in " + origin(name)
                    + " must have fewer than 2^31 values to be held in one array: found " + size + ".");
        }
        float[] values = new float[(int) size];
        read(name, 0, FloatBuffer.wrap(values));
        return new FloatTensor(values, shape(name));
    }

    /**
     * Demands a tensor of a known shape, before any memory is taken for it.
     *
     * @throws JobException with status 3 if it is missing or of another shape
     */
    default void require(String name, long... expected) {
        long[] found = shape(name);
        if (!Arrays.equals(found, expected)) {
            throw JobException.badInput("Tensor " + name + " in " + origin(name) + " must have shape "
                    + Arrays.toString(expected) + ": found " + Arrays.toString(found)
                    + ". The weights do not belong to the model's config.json.");
        }
    }

    /**
     * Reads as {@link #read} does; NaN or infinity among weights would spread to every answer without a word.
     *
     * @throws JobException with status 3 if a value is not finite
     */
    default void readFinite(String name, long from, FloatBuffer target) {
        FloatBuffer values = target.duplicate();
        read(name, from, target);
        for (int i = values.position(); i < values.limit(); i++) {
            if (!Float.isFinite(values.get(i))) {
                throw JobException.badInput("Tensor " + name + " in " + origin(name)
                        + " must hold finite values: found " + values.get(i) + " as value "
                        + (from + i - values.position()) + ". The file is damaged: copy the model again.");
            }
        }
    }

    /** A view of those tensors whose names start with one of the prefixes. */
    default TensorSource only(String... prefixes) {
        Predicate<String> wanted = name -> Arrays.stream(prefixes).anyMatch(name::startsWith);
        return new SelectedTensors(this, names().stream().filter(wanted).toList());
    }

    /** Tensors on the heap; the map is not copied. */
    static TensorSource of(Map<String, FloatTensor> tensors) {
        SortedSet<String> names = Collections.unmodifiableSortedSet(new TreeSet<>(tensors.keySet()));
        return new TensorSource() {
            @Override
            public SortedSet<String> names() {
                return names;
            }

            @Override
            public long[] shape(String name) {
                return find(name).shape();
            }

            @Override
            public void read(String name, long from, FloatBuffer target) {
                target.put(find(name).values(), Math.toIntExact(from), target.remaining());
            }

            private FloatTensor find(String name) {
                FloatTensor tensor = tensors.get(name);
                if (tensor == null) {
                    throw missing(name, origin(name), names);
                }
                return tensor;
            }
        };
    }

    /** What to throw when a tensor is not there. */
    static JobException missing(String name, String where, SortedSet<String> found) {
        return JobException.badInput("Tensor " + name + " expected in " + where + ": found only " + found.size()
                + " others, such as " + found.stream().limit(3).toList()
                + ". The weights do not belong to the model's config.json.");
    }

    /** All tensors on the heap, by name; for small models. */
    default Map<String, FloatTensor> tensors() {
        Map<String, FloatTensor> all = new TreeMap<>();
        names().forEach(name -> all.put(name, tensor(name)));
        return all;
    }
}
