package org.fednano.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.prompt.PromptIds;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/**
 * A client's frozen part: an encoder with its connector for each modality, tokenizer and prompt template. Media and text
 * in, prompt embeddings before any NanoAdapter out. A sample's features depend on the sample alone, bit for bit: encoder
 * batches always have the same size, the last one filled up with zeros. (Where widths are no multiples of 16, kernels may
 * round the last bits by a medium's place in its batch, too.) May be called from many threads; weights are in
 * native memory once.
 */
public final class NanoEdge implements AutoCloseable {

    /** Rows of the LLM's embedding table, wherever that is. */
    @FunctionalInterface
    public interface EmbeddingRows {
        /**
         * @param ids (N)
         * @return (N, H)
         */
        float[] embed(int[] ids);
    }

    private final NanoEdgeSpec spec;
    private final PromptTokenizer tokenizer;
    private final PromptIds prompts;
    private final MediaEmbedder media;
    private final Map<String, Byte> modalities;
    private final int hidden; // H

    /**
     * Builds it from what was broadcast.
     *
     * @param spec texts and settings
     * @param sources weights by modality; copied into native memory
     * @throws JobException with status 3 if they do not fit together
     */
    public NanoEdge(NanoEdgeSpec spec, Map<String, EncoderSource> sources) {
        this.spec = spec;
        JsonNode json = HfModelFolder.json(spec.configJson(), Path.of("config.json"));
        modalities = spec.modalities();
        tokenizer = new PromptTokenizer(spec.tokenizerJson(), spec.prompt());
        try {
            prompts = new PromptIds(json, spec.tokenizerJson(), spec.prompt(), tokenizer);
            media = new MediaEmbedder(spec.encoders(), sources, spec.batchSize());
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
        hidden = media.hidden()
                .orElse(json.path("text_config")
                        .path("hidden_size")
                        .asInt(json.path("hidden_size").asInt(4096)));
    }

    /** Arrays in native memory that belong to it, for tests that nothing leaks. */
    int nativeArrays() {
        return media.nativeArrays();
    }

    /** Builds it from a model folder and those of {@code model.encoders}. */
    public static NanoEdge open(HfModelFolder folder, Settings settings) {
        return new NanoEdge(NanoEdgeSpec.of(folder, settings), NanoEdgeSpec.sources(folder, settings));
    }

    /** What it was built from. */
    public NanoEdgeSpec spec() {
        return spec;
    }

    /** H. */
    public int hidden() {
        return hidden;
    }

    /** The model's tokenizer, for reading generated answers. */
    public PromptTokenizer tokenizer() {
        return tokenizer;
    }

    /** Token ids of an answer, end token included. */
    public int[] answerIds(String answer) {
        return prompts.ofAnswer(answer);
    }

    /** Token ids of a sample's prompt, a medium's place repeated for each of its tokens; cut to {@code prompt.max_tokens}. */
    public int[] promptIds(Sample sample) {
        return promptIds(sample, new TruncationStats());
    }

    private int[] promptIds(Sample sample, TruncationStats cut) {
        int[] counts = IntStream.range(0, sample.media().size())
                .map(m -> media.tokens(sample, m))
                .toArray();
        int[] ids = prompts.of(sample, counts);
        if (ids.length == 0) {
            throw JobException.badInput("Sample " + sample.sampleId()
                    + " must have a prompt of at least one token: found none. Change its question or prompt.template.");
        }
        if (ids.length <= spec.maxPromptTokens()) {
            return ids;
        }
        cut.add(sample, ids.length, spec.maxPromptTokens());
        return Arrays.copyOf(ids, prompts.cut(sample, ids, counts, spec.maxPromptTokens()));
    }

    /**
     * Features of samples, in their order.
     *
     * @param samples any number
     * @param rows where text embeddings come from; called once, with the distinct ids in ascending order
     * @throws JobException with status 3 if a medium cannot be decoded, or no encoder reads its modality
     */
    public List<PromptFeatures> encode(List<Sample> samples, EmbeddingRows rows) {
        return encode(samples, rows, new TruncationStats());
    }

    /**
     * The same, counting.
     *
     * @param cut told of prompts that are cut
     */
    public List<PromptFeatures> encode(List<Sample> samples, EmbeddingRows rows, TruncationStats cut) {
        List<int[]> ids = samples.stream().map(s -> promptIds(s, cut)).toList();
        int[] distinct = ids.stream()
                .flatMapToInt(Arrays::stream)
                .filter(id -> id != prompts.mediumId())
                .sorted()
                .distinct()
                .toArray();
        float[] table = distinct.length == 0 ? new float[0] : rows.embed(distinct);
        if (table.length != distinct.length * hidden) {
            throw JobException.badInput("Embedding rows must hold N*H values: expected " + distinct.length + "*"
                    + hidden + ", got " + table.length + ". Encoder and LLM are of different models.");
        }
        List<PromptFeatures> features = new ArrayList<>(samples.size());
        float[][][] encoded = media.embed(samples);
        for (int i = 0; i < samples.size(); i++) {
            features.add(assemble(samples.get(i), ids.get(i), encoded[i], distinct, table));
        }
        return features;
    }

    /** Media stand in the prompt in their order: each medium's place goes on for as many tokens as it has. */
    private PromptFeatures assemble(Sample sample, int[] ids, float[][] encoded, int[] distinct, float[] table) {
        float[] embeds = new float[ids.length * hidden]; // (T, H)
        byte[] modality = new byte[ids.length];
        int medium = 0;
        int token = 0; // of that medium
        for (int t = 0; t < ids.length; t++) {
            if (ids[t] == prompts.mediumId()) {
                if (token * hidden == encoded[medium].length) {
                    medium++;
                    token = 0;
                }
                modality[t] = modalities.get(sample.media().get(medium).modality());
                System.arraycopy(encoded[medium], token++ * hidden, embeds, t * hidden, hidden);
            } else {
                modality[t] = PromptFeatures.TEXT;
                int row = Arrays.binarySearch(distinct, ids[t]);
                System.arraycopy(table, row * hidden, embeds, t * hidden, hidden);
            }
        }
        return new PromptFeatures(
                sample.sampleId(),
                embeds,
                modality,
                answerIds(sample.answer()),
                sample.choices().stream().map(this::answerIds).toArray(int[][]::new),
                sample.answerIndex(),
                sample.answer(),
                sample.category());
    }

    @Override
    public void close() {
        media.close();
        tokenizer.close();
    }
}
