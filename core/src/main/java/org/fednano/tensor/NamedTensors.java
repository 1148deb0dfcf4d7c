package org.fednano.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.weights.TensorSource;

/** Named weights in native memory, freed together by {@link #close}. */
public final class NamedTensors implements AutoCloseable {

    /** Values per piece: a Java buffer over native memory holds less than 2 GiB. */
    private static final long PIECE = 1 << 28;

    private final NDManager manager;
    private final Map<String, NDArray> arrays = new LinkedHashMap<>();
    private final Map<String, String> origins = new HashMap<>(); // for messages
    private final String origin;

    /**
     * Copies tensors into native memory, piece by piece: nothing else holds a whole one meanwhile.
     *
     * @throws JobException with status 3 if a tensor cannot be read, or holds NaN or infinity
     */
    public NamedTensors(TensorSource tensors) {
        this(tensors, tensors.names(), PIECE);
    }

    /** Copies some of the tensors, in the order of {@code names}. */
    public NamedTensors(TensorSource tensors, Collection<String> names) {
        this(tensors, names, PIECE);
    }

    /** Copies some of the tensors; they are freed with {@code owner} at the latest. */
    public NamedTensors(NDManager owner, TensorSource tensors, Collection<String> names) {
        this(owner.newSubManager(), tensors, names, PIECE);
    }

    public NamedTensors(TensorSource tensors, Collection<String> names, long piece) {
        this(NDManager.newBaseManager("PyTorch"), tensors, names, piece);
    }

    private NamedTensors(NDManager manager, TensorSource tensors, Collection<String> names, long piece) {
        this.manager = manager;
        origin = tensors.origin("");
        try {
            names.forEach(name -> arrays.put(name, filled(tensors, name, piece)));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * The engine's own memory, always aligned to 64 bytes, filled from the source. An array created from Java values would
     * lie in a buffer of the JVM, aligned to 16 bytes and by chance to more; matrix kernels round differently with
     * alignment, so the same weights would answer differently in another process.
     */
    private NDArray filled(TensorSource tensors, String name, long piece) {
        NDArray array = manager.create(new Shape(tensors.shape(name)), DataType.FLOAT32);
        array.setName(name);
        origins.put(name, tensors.origin(name));
        long size = array.size();
        if (size <= piece) {
            if (size > 0) {
                tensors.readFinite(name, 0, memory(array));
            }
            return array;
        }
        try (NDArray flat = array.reshape(size)) {
            for (long from = 0; from < size; from += piece) {
                // A view: it shares the array's memory.
                try (NDArray part = flat.get(new NDIndex("{}:{}", from, Math.min(size, from + piece)))) {
                    tensors.readFinite(name, from, memory(part));
                }
            }
        }
        return array;
    }

    private static FloatBuffer memory(NDArray array) {
        return array.toByteBuffer(true).asFloatBuffer();
    }

    /** The manager that owns the arrays; parent of the short-lived ones. */
    public NDManager manager() {
        return manager;
    }

    /** All arrays by name, in the order in which they were copied. */
    public Map<String, NDArray> all() {
        return Collections.unmodifiableMap(arrays);
    }

    /** Whether there is such an array. */
    public boolean has(String name) {
        return arrays.containsKey(name);
    }

    /**
     * An array of known shape.
     *
     * @throws JobException with status 3 if it is missing or of another shape
     */
    public NDArray get(String name, long... shape) {
        NDArray array = arrays.get(name);
        if (array == null) {
            throw JobException.badInput("Tensor " + name + " of shape " + Arrays.toString(shape) + " expected in "
                    + origin + ": found none of that name among " + arrays.size()
                    + " that were loaded. The weights do not belong to the model's config.json.");
        }
        long[] found = array.getShape().getShape();
        if (!Arrays.equals(found, shape)) {
            throw JobException.badInput("Tensor " + name + " in " + origins.get(name) + " must have shape "
                    + Arrays.toString(shape) + ": found " + Arrays.toString(found)
                    + ". The weights do not belong to the model's config.json.");
        }
        return array;
    }

    @Override
    public void close() {
        manager.close();
    }
}
