package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.fednano.settings.JobException;
import org.fednano.vision.VisionTower;

/**
 * What lies before and behind an encoder's DJL block: files become a batch of always the same size, and the connector leads
 * from the block's answer to the LLM. {@link EncoderModel} and {@link NanoEdgeTranslator} are both made of it: whoever
 * drives the block, features have the same bits.
 *
 * @param input how files become input
 * @param connector to the LLM
 * @param tokens N
 * @param batchSize B: kernels round differently with a batch's size, so it is always the same; unused places hold zeros
 * @param slice media that belong together in the kernels, B or a divisor of it: slices without wanted media are left out
 * @param what the block is, for messages
 */
record EncoderPrePost(
        MediaDecoder input, FrozenConnector connector, int tokens, int batchSize, int slice, String what) {

    /**
     * A batch in the engine's own memory: a Java buffer's alignment differs by chance, and rounding with it.
     *
     * @param inputs (B, inputSize), prepared
     * @param count how many of them are wanted, the first ones
     * @return ({@code count} to B, …)
     */
    NDArray batch(NDManager manager, float[] inputs, int count) {
        int media = Math.max(1, (count + slice - 1) / slice) * slice;
        NDArray batch = manager.create(new Shape(media).addAll(new Shape(input.shape())), DataType.FLOAT32);
        batch.toByteBuffer(true).asFloatBuffer().put(inputs, 0, media * input.size());
        return batch;
    }

    /**
     * The block's answer behind the connector.
     *
     * @param answers (B, N, D), or of a part of the batch
     * @return (B, N, H)
     * @throws JobException with status 3 if the block answered something else
     */
    NDArray project(NDList answers) {
        NDArray features = checked(answers);
        long media = features.getShape().get(0);
        return VisionTower.inSlices(
                features,
                slice,
                // A slice's own memory: as a part of the whole it would be aligned by its place.
                part -> connector.project(slice < media ? part.duplicate() : part));
    }

    private NDArray checked(NDList answers) {
        NDArray first = answers.isEmpty() ? null : answers.get(0);
        boolean fits = answers.size() == 1
                && first.getDataType() == DataType.FLOAT32
                && first.getShape().dimension() == 3
                && first.getShape().get(0) % slice == 0
                && first.getShape().slice(1).equals(new Shape(tokens, connector.width()));
        if (!fits) {
            List<String> found = answers.stream()
                    .map(a -> a.getDataType() + " " + a.getShape())
                    .toList();
            throw JobException.badInput(what + " must answer with one float32 tensor (B, N, D) = "
                    + new Shape(batchSize, tokens, connector.width())
                    + ", N the tokens of encoder.json and D what its connector takes: found " + found
                    + ". Change 'tokens', the connector, or export the module again.");
        }
        return first;
    }
}
