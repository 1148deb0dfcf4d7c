package org.fednano.encoder;

import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.util.Map;
import java.util.function.Function;
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

    /** A block whose own answers (B, N, D) come out; D is seen by running it once. */
    static EncoderModel withoutConnector(
            String modality, Model model, MediaDecoder input, int tokens, int batchSize, String what) {
        float[] zeros = new float[Math.multiplyExact(batchSize, input.size())];
        EncoderModel probe = new EncoderModel(
                modality, model, new EncoderPrePost(input, new NoConnector(0), tokens, batchSize, batchSize, what));
        int width = probe.run(zeros, 1, answers -> {
            Shape shape = answers.isEmpty() ? new Shape() : answers.get(0).getShape();
            return shape.dimension() == 3 ? Math.toIntExact(shape.get(2)) : 0;
        });
        EncoderModel made = new EncoderModel(
                modality, model, new EncoderPrePost(input, new NoConnector(width), tokens, batchSize, batchSize, what));
        made.encode(zeros, 1);
        return made;
    }

    /** Hands features on as they are. */
    private record NoConnector(int width) implements FrozenConnector {
        @Override
        public int hidden() {
            return width;
        }

        @Override
        public NDArray project(NDArray features) {
            return features;
        }
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
        return run(inputs, count, answers -> ends.project(answers).toFloatArray());
    }

    private <T> T run(float[] inputs, int count, Function<NDList, T> reader) {
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
            return reader.apply(answers);
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
