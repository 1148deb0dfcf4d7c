package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;

/** Named weights in native memory, freed together by {@link #close}. */
public final class NamedArrays implements AutoCloseable {

    private final NDManager manager;
    private final Map<String, NDArray> arrays = new LinkedHashMap<>();

    /** Copies tensors into native memory. */
    public NamedArrays(Map<String, FloatTensor> tensors) {
        manager = NDManager.newBaseManager("PyTorch");
        tensors.forEach((name, t) -> {
            arrays.put(name, ownCopy(name, t));
        });
    }

    /**
     * An array created from Java values lies in a buffer of the JVM, aligned to 16 bytes by chance to more; matrix kernels
     * round differently with alignment, so the same weights would answer differently in another process. The engine's own
     * memory is always aligned to 64.
     */
    private NDArray ownCopy(String name, FloatTensor tensor) {
        try (NDArray buffer = manager.create(tensor.values(), new Shape(tensor.shape()))) {
            NDArray array = buffer.duplicate();
            array.setName(name);
            return array;
        }
    }

    /**
     * Puts arrays one below the other in a single one and frees the parts, for weights that never change: products with all
     * of them at once then need no copy per call.
     *
     * @param name of the new array
     * @param parts names of arrays with the same columns; gone afterwards
     */
    public void stack(String name, List<String> parts) {
        NDList list = new NDList();
        parts.forEach(part -> list.add(arrays.remove(part)));
        NDArray all = NDArrays.concat(list);
        all.attach(manager);
        all.setName(name);
        arrays.put(name, all);
        list.close();
    }

    /** The manager that owns the arrays; parent of the short-lived ones. */
    public NDManager manager() {
        return manager;
    }

    /** All arrays by name, in the order given. */
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
            throw JobException.badInput("Tensor " + name + " of shape " + Arrays.toString(shape)
                    + " expected among the model's weights: found none of that name among " + arrays.size()
                    + ". The weights do not belong to the model's config.json.");
        }
        long[] found = array.getShape().getShape();
        if (!Arrays.equals(found, shape)) {
            throw JobException.badInput("Tensor " + name + " must have shape " + Arrays.toString(shape) + ": found "
                    + Arrays.toString(found) + ". The weights do not belong to the model's config.json.");
        }
        return array;
    }

    @Override
    public void close() {
        manager.close();
    }
}
