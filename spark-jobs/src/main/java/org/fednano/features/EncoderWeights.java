package org.fednano.features;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.ml.BroadcastEncoder;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/** The driver's hold on the frozen client part: broadcasts it when it is first needed, at most once. For one thread. */
public final class EncoderWeights implements AutoCloseable {

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
    public EncoderWeights(JavaSparkContext spark, HfModelFolder model, Settings settings, NanoEdgeSpec spec) {
        this.spark = spark;
        this.model = model;
        this.settings = settings;
        this.spec = spec;
    }

    /**
     * What tasks hold; the first call broadcasts, piece by piece.
     *
     * @throws org.fednano.settings.JobException with status 3 if an encoder cannot be used: told here, once, not by every client
     */
    public EncoderHandle handle() {
        if (handle == null) {
            Map<String, EncoderSource> sources = NanoEdgeSpec.sources(model, settings);
            check(sources);
            TreeMap<String, BroadcastEncoder> parts = new TreeMap<>();
            for (Map.Entry<String, EncoderSource> e : sources.entrySet()) {
                parts.put(e.getKey(), BroadcastEncoder.of(spark, e.getValue()));
            }
            handle = new EncoderHandle(spec.fingerprint(), spec.batchSize(), spark.broadcast(spec), parts);
        }
        return handle;
    }

    /** With a local master tasks find what is built here; with another one a model's own tower, checked already, is left out. */
    private void check(Map<String, EncoderSource> sources) {
        if (spark.isLocal()) {
            EncoderCache.get(spec.fingerprint(), () -> new NanoEdge(spec, sources));
        } else {
            new NanoEdge(spec.exported(), sources).close();
        }
    }

    /** Whether anything was broadcast. */
    public boolean isBroadcast() {
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
