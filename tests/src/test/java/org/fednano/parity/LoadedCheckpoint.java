package org.fednano.parity;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.fednano.encoder.NanoEdge;
import org.fednano.image.ImagePreprocessor;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.Sample;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.Settings;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.vision.VisionTower;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;

/** The parts of a fixture's model, each loaded when it is first asked for: what one cannot do must not hide the others. */
final class LoadedCheckpoint implements AutoCloseable {

    private final Fixture fixture;
    private final HfModelFolder folder;
    private final int imageToken;
    private NanoEdge edge;
    private EmbeddedLlm llm;

    LoadedCheckpoint(Fixture fixture) {
        this.fixture = fixture;
        folder = HfModelFolder.open(fixture.folder());
        imageToken = folder.config()
                .path("image_token_index")
                .asInt(folder.config().path("image_token_id").asInt());
    }

    HfModelFolder folder() {
        return folder;
    }

    NanoEdge edge() {
        if (edge == null) {
            edge = NanoEdge.open(folder, Settings.defaults());
        }
        return edge;
    }

    EmbeddedLlm llm() {
        if (llm == null) {
            llm = EmbeddedLlm.open(folder);
        }
        return llm;
    }

    ImagePreprocessor preprocessor() {
        return new ImagePreprocessor(
                imageProcessor(), VisionConfig.of(folder.config()).imageSize());
    }

    /** What the folder says of pictures, in either of the files that may hold it. */
    JsonNode imageProcessor() {
        JsonNode merged = HfModelFolder.json(folder.text("processor_config.json"), fixture.folder());
        return merged.path("image_processor").isObject()
                ? merged.path("image_processor")
                : HfModelFolder.json(folder.text("preprocessor_config.json"), fixture.folder());
    }

    /** What the vision tower makes of the reference's pixels of all pictures of a sample. */
    float[] features(int sample) {
        return withTower(sample, "pixels", VisionTower::features);
    }

    /** What the connector makes of the reference's features. */
    float[] projected(int sample) {
        return withTower(sample, "features", VisionTower::project);
    }

    private float[] withTower(int sample, String input, BiFunction<VisionTower, NDArray, NDArray> part) {
        VisionConfig config = VisionConfig.of(folder.config());
        try (NamedTensors weights = new NamedTensors(VisionTensors.of(config, folder));
                NDManager manager = weights.manager().newSubManager()) {
            VisionTower tower = new VisionTower(config, weights);
            return part.apply(tower, array(manager, fixture.tensor(sample, input)))
                    .toFloatArray();
        }
    }

    private static NDArray array(NDManager manager, FloatTensor tensor) {
        return manager.create(tensor.values(), new Shape(tensor.shape()));
    }

    /** The sample's own embeddings (T, H), end to end. */
    float[] embeddings(Sample sample) {
        return edge().encode(List.of(sample), llm()::embed).get(0).embeds();
    }

    /** The reference's prompt embeddings (T, H): rows of the table, its projected features in the pictures' places. */
    float[] referenceEmbeddings(int sample) {
        int[] ids = fixture.ids(sample, "prompt_ids");
        int hidden = llm().info().hidden();
        float[] rows = llm().embed(ids);
        float[] projected = fixture.hasPictures(sample)
                ? fixture.tensor(sample, "projected").values()
                : new float[0];
        int next = 0;
        for (int t = 0; t < ids.length; t++) {
            if (ids[t] == imageToken) {
                System.arraycopy(projected, next, rows, t * hidden, hidden);
                next += hidden;
            }
        }
        return rows;
    }

    /** Those of all samples, padded. */
    PromptBatch referencePrompts() {
        int hidden = llm().info().hidden();
        return PromptBatch.join(IntStream.range(0, fixture.size())
                .mapToObj(i -> {
                    float[] embeds = referenceEmbeddings(i);
                    int tokens = embeds.length / hidden;
                    return new PromptBatch(embeds, new int[] {tokens}, tokens, hidden);
                })
                .toList());
    }

    TokenBatch referenceAnswers() {
        return TokenBatch.of(IntStream.range(0, fixture.size())
                .mapToObj(i -> fixture.ids(i, "answer_ids"))
                .toList());
    }

    /** Logits of prompt and answer (T + L − 1, V). */
    float[] logits(int sample) {
        int[] answer = fixture.ids(sample, "answer_ids");
        float[] prompt = referenceEmbeddings(sample);
        float[] behind = llm().embed(Arrays.copyOf(answer, answer.length - 1));
        float[] all = Arrays.copyOf(prompt, prompt.length + behind.length);
        System.arraycopy(behind, 0, all, prompt.length, behind.length);
        LlamaConfig config = LlamaConfig.of(folder);
        try (NamedTensors weights = new NamedTensors(folder.only(LlamaDecoder.PREFIX));
                NDManager manager = weights.manager().newSubManager()) {
            LlamaDecoder decoder = new LlamaDecoder(config, weights);
            NDArray x = manager.create(all, new Shape(1, all.length / config.hidden(), config.hidden()));
            return decoder.logits(decoder.forward(x)).toFloatArray();
        }
    }

    @Override
    public void close() {
        if (edge != null) {
            edge.close();
        }
        if (llm != null) {
            llm.close();
        }
    }
}
