package org.fednano.encoder;

import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.tensor.TensorEngine;

/** An encoder as a DJL model whose block is the encoder alone, and what lies around it. */
final class EncoderModel implements ModalityEncoder {

    private final String modality;
    private final Model model;
    private final EncoderPrePost ends;

    /** @param model the block; its manager owns all weights, closed here */
    EncoderModel(String modality, Model model, EncoderPrePost ends) {
        this.modality = modality;
        this.model = model;
        this.ends = ends;
    }

    @Override
    public String modality() {
        return modality;
    }

    @Override
    public int tokens() {
        return ends.tokens();
    }

    @Override
    public int hidden() {
        return ends.connector().hidden();
    }

    @Override
    public int inputSize() {
        return ends.input().size();
    }

    @Override
    public void prepare(byte[] file, String where, float[] inputs, int offset) {
        ends.input().prepare(file, where, inputs, offset);
    }

    @Override
    public float[] encode(float[] inputs, int count) {
        TensorEngine.limitThreads();
        // The scope frees what operations on weights attach to the weights' own manager.
        try (NDManager manager = model.getNDManager().newSubManager();
                NDScope scope = new NDScope();
                Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
            scope.suppressNotUsedWarning();
            NDArray batch = ends.batch(manager, inputs, count);
            NDList answers;
            try {
                answers = predictor.predict(new NDList(batch));
            } catch (TranslateException | EngineException | IllegalArgumentException e) {
                throw failure(e, ends.what() + " must take one tensor " + batch.getShape());
            }
            answers.attach(manager);
            return ends.project(answers).toFloatArray();
        }
    }

    @Override
    public MediaPredictor predictor(boolean keepInvalid) {
        NanoEdgeTranslatorFactory factory = new NanoEdgeTranslatorFactory(ends.batchSize(), keepInvalid);
        return new MediaPredictor(
                model.newPredictor(factory.translator(model, Map.of(NanoEdgeTranslatorFactory.ENDS, ends))));
    }

    /** What a predictor's failure means: bad input that was told inside of it, or that the block cannot be used so. */
    static JobException failure(Exception e, String expected) {
        Throwable root = e;
        while (!(root instanceof JobException) && root.getCause() != null) {
            root = root.getCause();
        }
        if (root instanceof JobException told) {
            return told;
        }
        String reason = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
        return JobException.badInput(expected + ": it failed (" + reason + ").", e);
    }

    @Override
    public int nativeArrays() {
        return model.getNDManager().getManagedArrays().size();
    }

    @Override
    public void close() {
        model.close();
    }
}
