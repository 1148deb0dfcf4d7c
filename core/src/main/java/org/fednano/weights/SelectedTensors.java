package org.fednano.weights;

import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** Some tensors of a source; the others are as good as not there. */
final class SelectedTensors implements TensorSource {

    private final TensorSource all;
    private final SortedSet<String> names;

    SelectedTensors(TensorSource all, Collection<String> names) {
        this.all = all;
        this.names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }

    @Override
    public SortedSet<String> names() {
        return names;
    }

    @Override
    public long[] shape(String name) {
        return all.shape(known(name));
    }

    @Override
    public void read(String name, long from, FloatBuffer target) {
        all.read(known(name), from, target);
    }

    @Override
    public String origin(String name) {
        return all.origin(name);
    }

    private String known(String name) {
        if (!names.contains(name)) {
            throw TensorSource.missing(name, all.origin(name), names);
        }
        return name;
    }
}
