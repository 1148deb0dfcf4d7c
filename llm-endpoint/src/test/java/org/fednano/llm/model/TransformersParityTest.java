package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.encoder.ImagePreprocessor;
import org.fednano.encoder.NamedArrays;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.encoder.VisionConfig;
import org.fednano.encoder.VisionTower;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The whole model, from a picture's file to gradients and greedy tokens, against Hugging Face transformers 4.37.2, on a
 * small random LLaVA checkpoint that transformers itself saved ({@code src/test/python/make_llava_parity.py}).
 */
class TransformersParityTest {

    private static final Path FOLDER = Path.of("src", "test", "resources", "parity", "tiny-llava");
    private static final float TOLERANCE = 1e-4f;

    private static HfModelFolder folder;
    private static NanoEdge edge;
    private static EmbeddedLlm llm;
    private static JsonNode expected;
    private static final List<Sample> SAMPLES = new ArrayList<>();
    private static List<PromptFeatures> features;

    @BeforeAll
    static void load() throws IOException {
        folder = HfModelFolder.open(FOLDER);
        edge = NanoEdge.open(folder, Settings.defaults());
        llm = EmbeddedLlm.open(folder);
        expected = new ObjectMapper().readTree(Files.readString(FOLDER.resolve("expected.json")));
        for (JsonNode s : expected.get("samples")) {
            List<String> choices = new ArrayList<>();
            s.get("choices").forEach(c -> choices.add(c.textValue()));
            String answer = s.get("answer").textValue();
            SAMPLES.add(new Sample(
                    "s" + SAMPLES.size(),
                    "c001",
                    Split.TEST,
                    Medium.picture(Files.readAllBytes(FOLDER.resolve("picture-" + SAMPLES.size() + ".png"))),
                    s.get("question").textValue(),
                    "",
                    choices,
                    answer,
                    choices.indexOf(answer),
                    "choose_txt",
                    "toy",
                    "parity"));
        }
        features = edge.encode(SAMPLES, llm::embed);
    }

    @AfterAll
    static void close() {
        edge.close();
        llm.close();
    }

    private static JsonNode of(int sample) {
        return expected.get("samples").get(sample);
    }

    private static float[] floats(int sample, String field) {
        JsonNode array = of(sample).get(field);
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).floatValue();
        }
        return values;
    }

    private static int[] ints(int sample, String field) {
        JsonNode array = of(sample).get(field);
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    @Test
    void picturesBecomeTheSamePixels() {
        ImagePreprocessor preprocessor =
                new ImagePreprocessor(HfModelFolder.json(folder.text("preprocessor_config.json"), FOLDER), 16);
        for (int i = 0; i < SAMPLES.size(); i++) {
            assertArrayEquals(
                    floats(i, "pixels"),
                    preprocessor.pixels(SAMPLES.get(i).media().get(0).bytes(), "s" + i),
                    1e-5f);
        }
    }

    @Test
    void towerAndConnectorGiveTheSameFeatures() {
        VisionConfig config = VisionConfig.of(folder.config());
        try (NamedArrays weights = new NamedArrays(NanoEdgeSpec.tensors(folder));
                NDManager manager = weights.manager().newSubManager()) {
            VisionTower tower = new VisionTower(config, weights);
            for (int i = 0; i < SAMPLES.size(); i++) {
                NDArray pixels = manager.create(floats(i, "pixels"), new Shape(1, 3, 16, 16));
                NDArray found = tower.features(pixels);
                assertArrayEquals(floats(i, "features"), found.toFloatArray(), TOLERANCE);
                assertArrayEquals(floats(i, "projected"), tower.project(found).toFloatArray(), TOLERANCE);
            }
        }
    }

    @Test
    void promptsAreTheSameTokensAndEmbeddings() {
        for (int i = 0; i < SAMPLES.size(); i++) {
            int[] ids = edge.promptIds(SAMPLES.get(i));
            int imageToken = folder.config().get("image_token_index").asInt();
            List<Integer> once =
                    new ArrayList<>(); // transformers holds one image token and puts the picture there itself
            for (int t = 0; t < ids.length; t++) {
                if (t == 0 || ids[t] != imageToken || ids[t - 1] != imageToken) {
                    once.add(ids[t]);
                }
            }
            assertArrayEquals(
                    ints(i, "prompt_ids"), once.stream().mapToInt(id -> id).toArray());
            assertArrayEquals(ints(i, "answer_ids"), features.get(i).answer());
            assertArrayEquals(floats(i, "prompt_embeds"), features.get(i).embeds(), TOLERANCE);
        }
    }

    @Test
    void lossesAndGradientsAgreeInOnePaddedBatch() {
        FeatureBatch batch = FeatureBatch.of(features, edge.hidden());
        PromptBatch prompts = batch.prompts();
        Result result = llm.lossGradient(prompts, batch.answers(), 1);
        for (int i = 0; i < SAMPLES.size(); i++) {
            assertEquals(of(i).get("loss").doubleValue(), result.loss()[i], TOLERANCE);
            float[] gradient = floats(i, "gradient");
            int row = i * prompts.tokens() * prompts.hidden();
            for (int j = 0; j < prompts.tokens() * prompts.hidden(); j++) {
                float want = j < gradient.length ? gradient[j] : 0; // padding
                assertEquals(want, result.gradient()[row + j], TOLERANCE, "sample " + i + ", value " + j);
            }
        }
        assertArrayEquals(result.loss(), llm.loss(prompts, batch.answers()).loss(), 1e-5f);
    }

    @Test
    void everyNextTokenHasTheSameLogProbability() {
        PromptBatch prompts = FeatureBatch.of(features, edge.hidden()).prompts();
        int vocabulary = llm.info().vocabulary();
        int[][][] singles = new int[SAMPLES.size()][vocabulary][1];
        for (int[][] choices : singles) {
            for (int id = 0; id < vocabulary; id++) {
                choices[id][0] = id;
            }
        }
        Scores scores = llm.score(prompts, singles);
        for (int i = 0; i < SAMPLES.size(); i++) {
            float[] want = floats(i, "next_token_log_probabilities");
            for (int id = 0; id < vocabulary; id++) {
                assertEquals(want[id], scores.logLikelihood()[i][id], TOLERANCE);
            }
        }
    }

    @Test
    void choicesScoreTheSame() {
        PromptBatch prompts = FeatureBatch.of(features, edge.hidden()).prompts();
        Scores scores = llm.score(
                prompts, features.stream().map(PromptFeatures::choices).toArray(int[][][]::new));
        for (int i = 0; i < SAMPLES.size(); i++) {
            float[] want = floats(i, "choice_log_likelihoods");
            for (int c = 0; c < want.length; c++) {
                assertEquals(want[c], scores.logLikelihood()[i][c], TOLERANCE);
            }
        }
    }

    @Test
    void greedyContinuationsAreTheSameTokens() {
        PromptBatch prompts = FeatureBatch.of(features, edge.hidden()).prompts();
        int[][] generated = llm.generate(prompts, expected.get("new_tokens").intValue());
        for (int i = 0; i < SAMPLES.size(); i++) {
            assertArrayEquals(ints(i, "generated"), generated[i]);
        }
    }
}
