package org.fednano.encoder;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import org.fednano.settings.JobException;

/** Any encoder that was exported as TorchScript: (B, …) in, (B, N, D) out, then its own connector. */
final class TorchScriptEncoder implements ModalityEncoder {

    private final TorchScriptSpec spec;
    private final MediumInput input;
    private final Connector connector;
    private final ZooModel<NDList, NDList> module;
    private final int tokens; // N
    private final int batchSize; // B

    TorchScriptEncoder(TorchScriptSpec spec, EncoderSource source, int batchSize) {
        this.spec = spec;
        this.batchSize = batchSize;
        tokens = spec.tokens();
        input = MediumInput.of(spec);
        connector =
                new Connector(source.tensors(), spec.json().path("activation").asText("gelu"), spec.where());
        try {
            module = load(spec, source.module());
        } catch (RuntimeException e) {
            connector.close();
            throw e;
        }
    }

    private static ZooModel<NDList, NDList> load(TorchScriptSpec spec, Path file) {
        try {
            return Criteria.builder()
                    .setTypes(NDList.class, NDList.class)
                    .optEngine("PyTorch")
                    .optDevice(Device.cpu())
                    .optModelPath(file)
                    .optTranslator(new NoopTranslator())
                    .build()
                    .loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException | EngineException e) {
            throw JobException.badInput(
                    "encoder.pt in " + spec.where() + " must be a TorchScript file (torch.jit.save) that PyTorch 2.7"
                            + " reads: it cannot be loaded (" + firstLine(e) + ").",
                    e);
        }
    }

    private static String firstLine(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
    }

    @Override
    public String modality() {
        return spec.modality();
    }

    @Override
    public int tokens() {
        return tokens;
    }

    @Override
    public int hidden() {
        return connector.hidden();
    }

    @Override
    public int inputSize() {
        return input.size();
    }

    @Override
    public void prepare(byte[] file, String where, float[] inputs, int offset) {
        input.prepare(file, where, inputs, offset);
    }

    @Override
    public float[] encode(float[] inputs, int count) {
        // The scope frees what operations on weights attach to the weights' own manager.
        try (NDManager manager = connector.weights().manager().newSubManager();
                NDScope scope = new NDScope();
                Predictor<NDList, NDList> predictor = module.newPredictor()) {
            scope.suppressNotUsedWarning();
            // In the engine's own memory: a Java buffer's alignment differs by chance, and rounding with it.
            NDArray batch = manager.create(new Shape(batchSize).addAll(new Shape(input.shape())), DataType.FLOAT32);
            batch.toByteBuffer(true).asFloatBuffer().put(inputs);
            return connector.project(features(predictor, batch)).toFloatArray();
        }
    }

    private NDArray features(Predictor<NDList, NDList> predictor, NDArray batch) {
        NDList answers;
        try {
            answers = predictor.predict(new NDList(batch));
            answers.attach(batch.getManager());
        } catch (TranslateException | EngineException | IllegalArgumentException e) {
            throw JobException.badInput(
                    "encoder.pt in " + spec.where() + " must take one tensor " + batch.getShape()
                            + ", as encoder.json says: it failed (" + firstLine(e) + ").",
                    e);
        }
        Shape expected = new Shape(batchSize, tokens, connector.width());
        NDArray first = answers.isEmpty() ? null : answers.get(0);
        boolean fits = answers.size() == 1
                && first.getDataType() == DataType.FLOAT32
                && first.getShape().equals(expected);
        if (!fits) {
            throw JobException.badInput("encoder.pt in " + spec.where() + " must answer " + batch.getShape()
                    + " with one float32 tensor (B, N, D) = " + expected
                    + ", N the tokens of encoder.json and D what its"
                    + " connector takes: found "
                    + answers.stream()
                            .map(a -> a.getDataType() + " " + a.getShape())
                            .toList()
                    + ". Change 'tokens', the connector, or export the module again.");
        }
        return first;
    }

    @Override
    public int nativeArrays() {
        return connector.weights().manager().getManagedArrays().size()
                + module.getNDManager().getManagedArrays().size();
    }

    @Override
    public void close() {
        module.close();
        connector.close();
    }
}
