package org.fednano.encoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;

/** All encoders of a client's frozen part: media of any of their modalities to prompt embeddings, batch by batch. */
final class MediaEmbedder implements AutoCloseable {

    private final Map<String, ModalityEncoder> encoders = new LinkedHashMap<>();
    private final int batchSize; // B

    /**
     * Builds the encoders. A missing tensor or a wrong shape is told here, not in the first task: one batch of zeros runs
     * through each of them.
     *
     * @param sources weights by modality
     */
    MediaEmbedder(List<EncoderSpec> specs, Map<String, EncoderSource> sources, int batchSize) {
        this.batchSize = batchSize;
        try {
            for (EncoderSpec spec : specs) {
                ModalityEncoder encoder = spec.open(sources.get(spec.modality()), batchSize);
                encoders.put(spec.modality(), encoder);
                encoder.encode(new float[Math.multiplyExact(batchSize, encoder.inputSize())], 1);
            }
            requireOneWidth();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void requireOneWidth() {
        if (encoders.values().stream()
                        .mapToInt(ModalityEncoder::hidden)
                        .distinct()
                        .count()
                > 1) {
            Map<String, Integer> found = new LinkedHashMap<>();
            encoders.forEach((modality, encoder) -> found.put(modality, encoder.hidden()));
            throw JobException.badInput("The connectors of all encoders must give the same width, H of the LLM: found "
                    + found + ". Export the connectors again, or change model.encoders.");
        }
    }

    /** H, if there is any encoder. */
    OptionalInt hidden() {
        return encoders.values().stream().mapToInt(ModalityEncoder::hidden).findFirst();
    }

    /**
     * Prompt tokens of a sample's medium.
     *
     * @throws JobException with status 3 if no encoder reads its modality
     */
    int tokens(Sample sample, int medium) {
        String modality = sample.media().get(medium).modality();
        ModalityEncoder encoder = encoders.get(modality);
        if (encoder == null) {
            throw JobException.badInput("Sample " + sample.sampleId() + " has a medium of modality '" + modality
                    + "', which the model cannot read: found "
                    + (encoders.isEmpty()
                            ? "no encoder at all (model.dir is a language model without a vision tower)"
                            : "encoders for " + new TreeSet<>(encoders.keySet()) + " only")
                    + ". Set model.encoders = [\"" + modality
                    + "=DIR\"] to a folder with its encoder, or leave the medium"
                    + " out of the shards.");
        }
        return encoder.tokens();
    }

    /** One medium to encode, and where its embeddings go. */
    private record Place(Sample sample, Medium medium, float[][] target, int index) {}

    /**
     * Connector outputs.
     *
     * @param samples any number
     * @return for each sample and each of its media (N, H)
     * @throws JobException with status 3 if a medium cannot be decoded
     */
    float[][][] embed(List<Sample> samples) {
        float[][][] result = new float[samples.size()][][];
        Map<String, List<Place>> byModality = new LinkedHashMap<>();
        for (int i = 0; i < result.length; i++) {
            Sample sample = samples.get(i);
            result[i] = new float[sample.media().size()][];
            for (int m = 0; m < result[i].length; m++) {
                Medium medium = sample.media().get(m);
                byModality
                        .computeIfAbsent(medium.modality(), name -> new ArrayList<>())
                        .add(new Place(sample, medium, result[i], m));
            }
        }
        byModality.forEach((modality, places) -> embed(encoders.get(modality), places));
        return result;
    }

    private void embed(ModalityEncoder encoder, List<Place> places) {
        int size = encoder.tokens() * encoder.hidden();
        for (int from = 0; from < places.size(); from += batchSize) {
            List<Place> batch = places.subList(from, Math.min(from + batchSize, places.size()));
            float[] inputs = new float[batchSize * encoder.inputSize()];
            for (int i = 0; i < batch.size(); i++) {
                Place place = batch.get(i);
                encoder.prepare(
                        place.medium.bytes(), "sample " + place.sample.sampleId(), inputs, i * encoder.inputSize());
            }
            float[] encoded = encoder.encode(inputs, batch.size()); // (batch.size() to B, N, H)
            for (int i = 0; i < batch.size(); i++) {
                Place place = batch.get(i);
                place.target[place.index] = Arrays.copyOfRange(encoded, i * size, (i + 1) * size);
            }
        }
    }

    /** Arrays in native memory, for tests that nothing leaks. */
    int nativeArrays() {
        return encoders.values().stream()
                .mapToInt(ModalityEncoder::nativeArrays)
                .sum();
    }

    @Override
    public void close() {
        encoders.values().forEach(ModalityEncoder::close);
    }
}
