package org.fednano.weights;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A view of a source in which some tensors lie one below the other in a single one, so that products with all of them at
 * once need no copy per call. Stacked while being read: nothing holds a part and the whole.
 */
public final class StackedTensors implements TensorSource {

    private final TensorSource source;
    private final Map<String, List<String>> parts;
    private final SortedSet<String> names;

    /**
     * @param source where the parts are
     * @param parts name of each tensor of the view to the names of its parts, from the top; they have the same inner sizes
     */
    public StackedTensors(TensorSource source, Map<String, List<String>> parts) {
        this.source = source;
        this.parts = parts;
        names = Collections.unmodifiableSortedSet(new TreeSet<>(parts.keySet()));
    }

    @Override
    public SortedSet<String> names() {
        return names;
    }

    @Override
    public long[] shape(String name) {
        long[] shape = source.shape(parts(name).get(0));
        for (String part : parts(name).subList(1, parts(name).size())) {
            shape[0] += source.shape(part)[0];
        }
        return shape;
    }

    @Override
    public void read(String name, long from, FloatBuffer target) {
        int end = target.limit();
        long offset = from; // within the part, once those above it are passed
        for (String part : parts(name)) {
            long size = source.size(part);
            if (offset < size && target.position() < end) {
                target.limit((int) Math.min(end, target.position() + size - offset));
                source.read(part, offset, target);
                target.limit(end);
                offset = size;
            }
            offset -= size;
        }
    }

    @Override
    public String origin(String name) {
        return parts.containsKey(name) ? source.origin(parts.get(name).get(0)) : source.origin(name);
    }

    private List<String> parts(String name) {
        List<String> found = parts.get(name);
        if (found == null) {
            throw TensorSource.missing(name, origin(name), names);
        }
        return found;
    }
}
