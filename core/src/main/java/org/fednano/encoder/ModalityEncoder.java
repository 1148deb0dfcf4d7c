package org.fednano.encoder;

/**
 * A modality's frozen part, encoder and connector: files in, prompt embeddings before any NanoAdapter out. May be called
 * from many threads; its weights are in native memory once. Symbols: B media per batch, N tokens of a medium, H hidden
 * size of the LLM.
 */
public interface ModalityEncoder extends AutoCloseable {

    /** Name of the modality, such as {@code image}. */
    String modality();

    /** N: prompt tokens that one medium becomes, always as many. */
    int tokens();

    /** H. */
    int hidden();

    /** Floats of one prepared medium. */
    int inputSize();

    /**
     * Decodes a file and makes it what the encoder reads.
     *
     * @param file the file's bytes
     * @param where whose it is, for messages
     * @param inputs takes {@link #inputSize} values from {@code offset} on
     * @throws org.fednano.settings.JobException with status 3 if it cannot be decoded
     */
    void prepare(byte[] file, String where, float[] inputs, int offset);

    /**
     * Encodes a batch. Kernels round differently with a batch's size, so it is always the same; unused places hold zeros.
     *
     * @param inputs (B, inputSize), prepared
     * @param count how many of them are wanted, the first ones; an encoder may leave out the others where that changes nothing
     * @return ({@code count} to B, N, H)
     */
    float[] encode(float[] inputs, int count);

    /**
     * A DJL predictor with {@link NanoEdgeTranslatorFactory}'s translator over this encoder's model: files in, prompt
     * embeddings as bytes out. It shares the weights, is for one thread, and is closed before the encoder.
     *
     * @param keepInvalid null for files that cannot be decoded; otherwise they are an error
     */
    MediaPredictor predictor(boolean keepInvalid);

    /** Arrays in native memory that belong to it, for tests that nothing leaks. */
    int nativeArrays();

    @Override
    void close();
}
