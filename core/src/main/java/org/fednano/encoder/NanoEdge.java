package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's frozen part: preprocessing, vision tower, connector, tokenizer and prompt template. Pictures and text in,
 * prompt embeddings before any NanoAdapter out. A sample's features depend on the sample alone, bit for bit: encoder
 * batches always have the same size, the last one filled up with black. May be called from many threads; weights are in
 * native memory once.
 */
public final class NanoEdge implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NanoEdge.class);

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
    private final VisionConfig config;
    private final ImagePreprocessor preprocessor;
    private final PromptTokenizer tokenizer;
    private final PromptTemplate template;
    private final NamedArrays weights;
    private final VisionTower tower;
    private final int imageToken;
    private final int endToken;
    private final AtomicLong cutPrompts = new AtomicLong();

    /**
     * Builds it from what was broadcast.
     *
     * @param spec texts and settings
     * @param tensors vision tower and connector by name; copied into native memory
     * @throws JobException with status 3 if they do not fit together
     */
    public NanoEdge(NanoEdgeSpec spec, TensorSource tensors) {
        this.spec = spec;
        JsonNode json = HfModelFolder.json(spec.configJson(), Path.of("config.json"));
        config = VisionConfig.of(json);
        preprocessor = new ImagePreprocessor(
                HfModelFolder.json(spec.preprocessorJson(), Path.of("preprocessor_config.json")), config.imageSize());
        imageToken =
                json.path("image_token_index").asInt(json.path("image_token_id").asInt(-1));
        endToken = endToken(json);
        tokenizer = new PromptTokenizer(spec.tokenizerJson());
        template = new PromptTemplate(spec.template(), imageTokenText(spec.tokenizerJson()));
        weights = new NamedArrays(tensors);
        tower = new VisionTower(config, weights);
        checkShapes();
    }

    /** A missing tensor or a wrong shape is told here, not in the first task: one black batch runs through all of them. */
    private void checkShapes() {
        try {
            encodeBatch(new float[spec.batchSize() * 3 * config.imageSize() * config.imageSize()]);
        } catch (JobException e) {
            close();
            throw e;
        }
    }

    /** Arrays in native memory that belong to it, for tests that nothing leaks. */
    int nativeArrays() {
        return weights.manager().getManagedArrays().size();
    }

    /** Builds it from a model folder. */
    public static NanoEdge open(HfModelFolder folder, Settings settings) {
        return new NanoEdge(NanoEdgeSpec.of(folder, settings), NanoEdgeSpec.tensors(folder));
    }

    private static int endToken(JsonNode config) {
        JsonNode end = config.path("text_config").path("eos_token_id");
        if (end.isMissingNode()) {
            end = config.path("eos_token_id");
        }
        return end.isArray() ? end.get(0).asInt() : end.asInt(2); // 2: LLaMA's, the default of transformers
    }

    private String imageTokenText(String tokenizerJson) {
        JsonNode added =
                HfModelFolder.json(tokenizerJson, Path.of("tokenizer.json")).path("added_tokens");
        for (JsonNode token : added) {
            if (token.path("id").asInt(-1) == imageToken) {
                return token.path("content").asText();
            }
        }
        throw JobException.badInput("tokenizer.json must hold the image token that config.json names by"
                + " image_token_index " + imageToken + " among its added_tokens: found " + added.size()
                + " others. The two files do not belong together.");
    }

    /** What it was built from. */
    public NanoEdgeSpec spec() {
        return spec;
    }

    /** H. */
    public int hidden() {
        return config.hidden();
    }

    /** The model's tokenizer, for reading generated answers. */
    public PromptTokenizer tokenizer() {
        return tokenizer;
    }

    /** Prompts cut to {@code prompt.max_tokens} so far. */
    public long cutPrompts() {
        return cutPrompts.get();
    }

    /** Token ids of an answer, end token included. */
    public int[] answerIds(String answer) {
        int[] ids = tokenizer.encode(answer, false);
        int[] ended = Arrays.copyOf(ids, ids.length + 1);
        ended[ids.length] = endToken;
        return ended;
    }

    /** Token ids of a sample's prompt, its image token repeated for each token of the picture. */
    public int[] promptIds(Sample sample) {
        int[] ids = Arrays.stream(tokenizer.encode(template.fill(sample), true))
                .flatMap(id -> id == imageToken
                        ? IntStream.generate(() -> imageToken).limit(config.imageTokens())
                        : IntStream.of(id))
                .toArray();
        if (ids.length > spec.maxPromptTokens()) {
            if (cutPrompts.getAndIncrement() == 0) {
                LOG.warn(
                        "Prompt of sample {} has {} tokens and is cut to prompt.max_tokens = {}; further ones are only"
                                + " counted",
                        sample.sampleId(),
                        ids.length,
                        spec.maxPromptTokens());
            }
            return Arrays.copyOf(ids, spec.maxPromptTokens());
        }
        if (ids.length == 0) {
            throw JobException.badInput("Sample " + sample.sampleId()
                    + " must have a prompt of at least one token: found none. Change its question or prompt.template.");
        }
        return ids;
    }

    /**
     * Features of samples, in their order.
     *
     * @param samples any number
     * @param rows where text embeddings come from; called once, with the distinct ids in ascending order
     * @throws JobException with status 3 if a picture cannot be decoded
     */
    public List<PromptFeatures> encode(List<Sample> samples, EmbeddingRows rows) {
        List<int[]> prompts = samples.stream().map(this::promptIds).toList();
        int[] distinct = prompts.stream()
                .flatMapToInt(Arrays::stream)
                .filter(id -> id != imageToken)
                .sorted()
                .distinct()
                .toArray();
        float[] table = distinct.length == 0 ? new float[0] : rows.embed(distinct);
        if (table.length != distinct.length * config.hidden()) {
            throw JobException.badInput("Embedding rows must hold N*H values: expected " + distinct.length + "*"
                    + config.hidden() + ", got " + table.length + ". Encoder and LLM are of different models.");
        }
        List<PromptFeatures> features = new ArrayList<>(samples.size());
        float[][] pictures = imageEmbeddings(samples);
        for (int i = 0; i < samples.size(); i++) {
            features.add(assemble(samples.get(i), prompts.get(i), pictures[i], distinct, table));
        }
        return features;
    }

    private PromptFeatures assemble(Sample sample, int[] ids, float[] picture, int[] distinct, float[] table) {
        int hidden = config.hidden();
        float[] embeds = new float[ids.length * hidden]; // (T, H)
        byte[] modality = new byte[ids.length];
        int imageTokens = 0;
        for (int t = 0; t < ids.length; t++) {
            boolean image = ids[t] == imageToken;
            modality[t] = image ? PromptFeatures.IMAGE : PromptFeatures.TEXT;
            float[] source = image ? picture : table;
            int row = image ? imageTokens++ : Arrays.binarySearch(distinct, ids[t]);
            System.arraycopy(source, row * hidden, embeds, t * hidden, hidden);
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

    /** Connector outputs (imageTokens, H) of each sample's picture; null where there is none. */
    private float[][] imageEmbeddings(List<Sample> samples) {
        float[][] result = new float[samples.size()][];
        int[] withImage = IntStream.range(0, samples.size())
                .filter(i -> samples.get(i).first(Medium.IMAGE).isPresent())
                .toArray();
        int batch = spec.batchSize();
        int pixelsPerImage = 3 * config.imageSize() * config.imageSize();
        for (int from = 0; from < withImage.length; from += batch) {
            int count = Math.min(batch, withImage.length - from);
            float[] pixels = new float[batch * pixelsPerImage];
            for (int i = 0; i < count; i++) {
                Sample sample = samples.get(withImage[from + i]);
                byte[] rgb = preprocessor
                        .crop(RgbImage.decode(sample.media().get(0).bytes(), "sample " + sample.sampleId()))
                        .rgb();
                preprocessor.normalise(rgb, pixels, i * pixelsPerImage);
            }
            float[] encoded = encodeBatch(pixels);
            int size = config.imageTokens() * config.hidden();
            for (int i = 0; i < count; i++) {
                result[withImage[from + i]] = Arrays.copyOfRange(encoded, i * size, (i + 1) * size);
            }
        }
        return result;
    }

    private float[] encodeBatch(float[] pixels) {
        int side = config.imageSize();
        // The scope frees what operations on weights attach to the weights' own manager.
        try (NDManager manager = weights.manager().newSubManager();
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            NDArray batch = manager.create(pixels, new Shape(spec.batchSize(), 3, side, side));
            return tower.imageEmbeddings(batch).toFloatArray();
        }
    }

    @Override
    public void close() {
        weights.close();
        tokenizer.close();
    }
}
