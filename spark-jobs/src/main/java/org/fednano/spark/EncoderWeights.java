package org.fednano.spark;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.ml.BroadcastEncoder;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/** The driver's hold on the frozen client part: broadcasts it when it is first needed, at most once. For one thread. */
final class EncoderWeights implements AutoCloseable {

    private final JavaSparkContext spark;
    private final HfModelFolder model;
    private final Settings settings;
    private final NanoEdgeSpec spec;
    private EncoderHandle handle;

    /**
     * @param model folder of the model's own encoder
     * @param settings where further encoders lie
     * @param spec as read from both
     */
    EncoderWeights(JavaSparkContext spark, HfModelFolder model, Settings settings, NanoEdgeSpec spec) {
        this.spark = spark;
        this.model = model;
        this.settings = settings;
        this.spec = spec;
    }

    /** What tasks hold; the first call broadcasts, piece by piece. */
    EncoderHandle handle() {
        if (handle == null) {
            TreeMap<String, BroadcastEncoder> parts = new TreeMap<>();
            for (Map.Entry<String, EncoderSource> e :
                    NanoEdgeSpec.sources(model, settings).entrySet()) {
                parts.put(e.getKey(), BroadcastEncoder.of(spark, e.getValue()));
            }
            handle = new EncoderHandle(spec.fingerprint(), spec.batchSize(), spark.broadcast(spec), parts);
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
            handle.destroy();
            handle = null;
        }
    }
}
