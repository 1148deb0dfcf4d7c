package org.fednano.spark;

import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;

/** The driver's hold on the frozen client part: broadcasts it when it is first needed, at most once. For one thread. */
final class EncoderWeights implements AutoCloseable {

    private final JavaSparkContext spark;
    private final HfModelFolder model;
    private final NanoEdgeSpec spec;
    private EncoderHandle handle;

    EncoderWeights(JavaSparkContext spark, HfModelFolder model, NanoEdgeSpec spec) {
        this.spark = spark;
        this.model = model;
        this.spec = spec;
    }

    /** What tasks hold; the first call broadcasts, tensor by tensor. */
    EncoderHandle handle() {
        if (handle == null) {
            TreeMap<String, Broadcast<FloatTensor>> tensors = new TreeMap<>();
            for (String name : NanoEdgeSpec.tensors(model).names()) {
                tensors.put(name, spark.broadcast(model.tensor(name)));
            }
            handle = new EncoderHandle(spec.fingerprint(), spec.batchSize(), spark.broadcast(spec), tensors);
        }
        return handle;
    }

    /** Whether anything was broadcast. */
    boolean isBroadcast() {
        return handle != null;
    }

    @Override
    public void close() {
        if (handle != null) {
            EncoderCache.drop(handle.fingerprint());
            handle.tensors().values().forEach(Broadcast::destroy);
            handle.spec().destroy();
            handle = null;
        }
    }
}
