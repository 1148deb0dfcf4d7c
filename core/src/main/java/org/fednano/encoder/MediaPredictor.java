package org.fednano.encoder;

import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.translate.TranslateException;
import java.util.List;
import org.fednano.settings.JobException;
import org.fednano.tensor.TensorEngine;

/** A DJL predictor of {@link NanoEdgeTranslatorFactory}'s translator, for callers that know nothing of DJL. For one thread. */
public final class MediaPredictor implements AutoCloseable {

    private final Predictor<byte[], byte[]> predictor;

    MediaPredictor(Predictor<byte[], byte[]> predictor) {
        this.predictor = predictor;
    }

    /**
     * Prompt embeddings of media.
     *
     * @param files at most B media files; null for none
     * @return for each (N, H) as little-endian float32; null for null, and for what cannot be decoded if the predictor keeps
     *     that
     * @throws JobException with status 3 if a file cannot be decoded and the predictor does not keep that
     */
    public List<byte[]> predict(List<byte[]> files) {
        TensorEngine.limitThreads();
        try {
            return predictor.batchPredict(files);
        } catch (TranslateException | EngineException e) {
            throw EncoderModel.failure(e, "The encoder must take a batch of " + files.size() + " media");
        }
    }

    @Override
    public void close() {
        predictor.close();
    }
}
