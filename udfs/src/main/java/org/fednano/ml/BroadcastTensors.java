package org.fednano.ml;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.SortedSet;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.fednano.weights.TensorSource;

/**
 * An encoder's tensors over a broadcast: all of them one behind the other as float32, in order of their names.
 *
 * @param places where each tensor begins
 * @param bytes their values, little-endian
 */
public record BroadcastTensors(TreeMap<String, Place> places, BroadcastBytes bytes)
        implements TensorSource, Serializable {

    private static final int WINDOW = 1 << 20; // bytes copied at a time

    /**
     * @param offset of the first value, in bytes
     * @param shape sizes, outermost first
     */
    public record Place(long offset, long[] shape) implements Serializable {}

    /** Broadcasts tensors; the driver holds a piece of them at a time. */
    static BroadcastTensors of(JavaSparkContext spark, TensorSource tensors, int pieceBytes) {
        TreeMap<String, Place> places = new TreeMap<>();
        long offset = 0;
        for (String name : tensors.names()) {
            places.put(name, new Place(offset, tensors.shape(name)));
            offset += 4 * tensors.size(name);
        }
        try (InputStream values = new Values(tensors)) {
            return new BroadcastTensors(places, BroadcastBytes.of(spark, values, pieceBytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(places.navigableKeySet());
    }

    @Override
    public long[] shape(String name) {
        return find(name).shape.clone();
    }

    @Override
    public void read(String name, long from, FloatBuffer target) {
        long at = find(name).offset + 4 * from;
        ByteBuffer window = ByteBuffer.allocate(WINDOW).order(ByteOrder.LITTLE_ENDIAN);
        while (target.hasRemaining()) {
            window.clear().limit((int) Math.min(WINDOW, 4L * target.remaining()));
            bytes.read(at, window);
            at += window.position();
            target.put(window.flip().asFloatBuffer());
        }
    }

    @Override
    public String origin(String name) {
        return "the broadcast encoder";
    }

    private Place find(String name) {
        Place place = places.get(name);
        if (place == null) {
            throw TensorSource.missing(name, origin(name), names());
        }
        return place;
    }

    /** The values of all tensors as one stream. */
    private static final class Values extends InputStream {
        private final TensorSource tensors;
        private final Iterator<String> names;
        private final ByteBuffer window = ByteBuffer.allocate(WINDOW).order(ByteOrder.LITTLE_ENDIAN);
        private String name;
        private long next; // value of that tensor

        Values(TensorSource tensors) {
            this.tensors = tensors;
            names = tensors.names().iterator();
            window.limit(0);
        }

        private boolean fill() {
            while (!window.hasRemaining()) {
                if (name == null || next == tensors.size(name)) {
                    if (!names.hasNext()) {
                        return false;
                    }
                    name = names.next();
                    next = 0;
                }
                int count = (int) Math.min(WINDOW / 4, tensors.size(name) - next);
                window.clear().limit(4 * count);
                tensors.read(name, next, window.asFloatBuffer());
                next += count;
            }
            return true;
        }

        @Override
        public int read() {
            return fill() ? window.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0 || !fill()) {
                return length == 0 ? 0 : -1;
            }
            int count = Math.min(length, window.remaining());
            window.get(target, offset, count);
            return count;
        }
    }
}
