package org.fednano.encoder;

import ai.djl.ndarray.NDList;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.fednano.settings.JobException;

/**
 * Media files in, prompt embeddings (N, H) as little-endian float32 out, around any block that is an encoder. Batches are
 * stacked and filled up with zeros to B, so a file's embeddings are the same bits whatever its batch mates. Null stays
 * null. Holds nothing that changes: may be shared by predictors of many threads.
 */
final class NanoEdgeTranslator implements Translator<byte[], byte[]> {

    private static final String PLACES = "places";
    private static final int NONE = -1;

    private final EncoderPrePost ends;
    private final boolean keepInvalid;

    /** @param keepInvalid null for files that cannot be decoded, in place of an error */
    NanoEdgeTranslator(EncoderPrePost ends, boolean keepInvalid) {
        this.ends = ends;
        this.keepInvalid = keepInvalid;
    }

    @Override
    public Batchifier getBatchifier() {
        return Batchifier.STACK;
    }

    /** @throws JobException with status 2 for more than B files, 3 if a file cannot be decoded and is not kept */
    @Override
    public NDList batchProcessInput(TranslatorContext context, List<byte[]> files) {
        if (files.size() > ends.batchSize()) {
            throw JobException.usage("A batch must hold at most as many media as the translator was made for: expected "
                    + ends.batchSize() + ", found " + files.size()
                    + ". Give caller and translator the same batch size.");
        }
        int size = ends.input().size();
        float[] inputs = new float[Math.multiplyExact(ends.batchSize(), size)];
        int[] places = new int[files.size()];
        int count = 0;
        for (int i = 0; i < places.length; i++) {
            places[i] = prepare(files.get(i), i, inputs, count * size) ? count++ : NONE;
        }
        context.setAttachment(PLACES, places);
        // DJL leaves the block out where there is nothing to encode.
        return count == 0 ? new NDList() : new NDList(ends.batch(context.getNDManager(), inputs, count));
    }

    private boolean prepare(byte[] file, int index, float[] inputs, int offset) {
        if (file == null) {
            return false;
        }
        try {
            ends.input().prepare(file, "medium " + (index + 1) + " of the batch", inputs, offset);
            return true;
        } catch (JobException e) {
            if (!keepInvalid) {
                throw e;
            }
            Arrays.fill(inputs, offset, offset + ends.input().size(), 0); // it may have been half read
            return false;
        }
    }

    @Override
    public List<byte[]> batchProcessOutput(TranslatorContext context, NDList answers) {
        int[] places = (int[]) context.getAttachment(PLACES);
        if (answers.isEmpty()) {
            return Collections.nCopies(places.length, null);
        }
        float[] all = ends.project(answers).toFloatArray(); // (count to B, N, H)
        return Arrays.stream(places)
                .mapToObj(place -> place == NONE ? null : bytes(all, place))
                .toList();
    }

    private byte[] bytes(float[] all, int place) {
        int size = ends.tokens() * ends.connector().hidden();
        ByteBuffer bytes = ByteBuffer.allocate(4 * size).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(all, place * size, size);
        return bytes.array();
    }

    /** One file as a batch of one with its zeros; whole batches go through {@link #batchProcessInput}. */
    @Override
    public NDList processInput(TranslatorContext context, byte[] file) {
        return batchProcessInput(context, Collections.singletonList(file));
    }

    @Override
    public byte[] processOutput(TranslatorContext context, NDList answers) {
        return batchProcessOutput(context, answers).get(0);
    }
}
