package org.fednano.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.image.ImagePreprocessor;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.sample.PromptBatch;
import org.fednano.weights.FloatTensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small random checkpoints, from a picture's file to gradients and greedy tokens, against Hugging Face transformers in
 * float32. Each part gets the reference's values as its input, so that it answers for itself alone; one test runs through
 * all of them. A relative error is the largest difference divided by the largest reference value.
 *
 * <p>The folder is {@code -Dfednano.parity.dir}, by default the committed fixtures; {@code .ci/run} makes fresh ones.
 */
class CheckpointParityTest {

    private static final double ARRAYS = 1e-4;
    private static final double LOSS = 1e-5;
    private static final double ONE_LEVEL = 1 / 255.0;
    private static final double ROUNDING = 1e-6;
    private static final int FEWEST = 10;

    private static final Agreement AGREEMENT = new Agreement();
    private static final Map<Path, LoadedCheckpoint> LOADED = new LinkedHashMap<>();
    private static final List<Fixture> FIXTURES = find();

    private static List<Fixture> find() {
        String folder = System.getProperty("fednano.parity.dir", "src/test/resources/parity");
        List<Fixture> fixtures = Fixture.all(Path.of(folder));
        assertTrue(
                fixtures.size() >= FEWEST,
                () -> "At least " + FEWEST + " checkpoints expected in " + folder + ": found " + fixtures
                        + ". Make them with tests/src/test/python/make_parity.py.");
        return fixtures;
    }

    static List<Fixture> fixtures() {
        return FIXTURES;
    }

    private static LoadedCheckpoint load(Fixture fixture) {
        return LOADED.computeIfAbsent(fixture.folder(), folder -> new LoadedCheckpoint(fixture));
    }

    @AfterAll
    static void report() {
        LOADED.values().forEach(LoadedCheckpoint::close);
        System.out.println("Worst relative errors over " + LOADED.size() + " checkpoints:\n" + AGREEMENT);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void picturesBecomeTheSamePixels(Fixture fixture) {
        ImagePreprocessor preprocessor = load(fixture).preprocessor();
        float[] deviation = deviation(load(fixture).imageProcessor());
        for (int i = 0; i < fixture.size(); i++) {
            List<String> pictures = fixture.texts(i, "pictures");
            for (int p = 0; p < pictures.size(); p++) {
                float[] found = preprocessor.pixels(fixture.picture(pictures.get(p)), pictures.get(p));
                float[] want = Arrays.copyOfRange(
                        fixture.tensor(i, "pixels").values(), p * found.length, (p + 1) * found.length);
                double[] levels = IntStream.range(0, found.length)
                        .mapToDouble(j -> Math.abs(found[j] - want[j]) * deviation[j * 3 / found.length])
                        .toArray();
                String where = fixture + "/" + pictures.get(p);
                AGREEMENT.atMost(ONE_LEVEL + ROUNDING, "pixels, of 1", where, Agreement.percentile(levels, 0.999));
            }
        }
    }

    /** What normalised pixels are multiplied with to be in units of the picture again. */
    private static float[] deviation(JsonNode config) {
        float[] deviation = new float[3];
        for (int c = 0; c < 3; c++) {
            deviation[c] = (float) config.path("image_std").path(c).asDouble();
        }
        return deviation;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void towerGivesTheSameFeatures(Fixture fixture) {
        for (int i = 0; i < fixture.size(); i++) {
            if (fixture.hasPictures(i)) {
                float[] want = fixture.tensor(i, "features").values();
                AGREEMENT.within(
                        ARRAYS,
                        "image features",
                        where(fixture, i),
                        want,
                        load(fixture).features(i));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void connectorGivesTheSameProjection(Fixture fixture) {
        for (int i = 0; i < fixture.size(); i++) {
            if (fixture.hasPictures(i)) {
                float[] want = fixture.tensor(i, "projected").values();
                AGREEMENT.within(
                        ARRAYS,
                        "projector output",
                        where(fixture, i),
                        want,
                        load(fixture).projected(i));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void promptsAndAnswersAreTheSameTokens(Fixture fixture) {
        for (int i = 0; i < fixture.size(); i++) {
            int[] found = load(fixture).edge().promptIds(fixture.sample(i));
            assertArrayEquals(fixture.ids(i, "prompt_ids"), found, "prompt " + fixture.text(i, "prompt"));
            int[] answer = load(fixture).edge().answerIds(fixture.text(i, "answer"));
            assertArrayEquals(fixture.ids(i, "answer_ids"), answer, "answer " + fixture.text(i, "answer"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void filesBecomeTheSamePromptEmbeddings(Fixture fixture) {
        for (int i = 0; i < fixture.size(); i++) {
            float[] want = load(fixture).referenceEmbeddings(i);
            float[] found = load(fixture).embeddings(fixture.sample(i));
            AGREEMENT.within(ARRAYS, "prompt, end to end", where(fixture, i), want, found);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void everyPlaceHasTheSameLogits(Fixture fixture) {
        for (int i = 0; i < fixture.size(); i++) {
            FloatTensor want = fixture.tensor(i, "logits");
            float[] all = load(fixture).logits(i);
            // Of some samples only the last places are kept.
            float[] found = Arrays.copyOfRange(all, all.length - want.size(), all.length);
            AGREEMENT.within(ARRAYS, "logits", where(fixture, i), want.values(), found);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void lossesAndGradientsAgreeInOnePaddedBatch(Fixture fixture) {
        LoadedCheckpoint model = load(fixture);
        PromptBatch prompts = model.referencePrompts();
        Result result = model.llm().lossGradient(prompts, model.referenceAnswers(), 1);
        Result loss = model.llm().loss(prompts, model.referenceAnswers());
        int row = prompts.tokens() * prompts.hidden();
        for (int i = 0; i < fixture.size(); i++) {
            AGREEMENT.within(LOSS, "loss", where(fixture, i), fixture.number(i, "loss"), result.loss()[i]);
            AGREEMENT.within(LOSS, "loss", where(fixture, i), fixture.number(i, "loss"), loss.loss()[i]);
            // Behind a shorter prompt stands padding, whose gradient is zero.
            float[] want = Arrays.copyOf(fixture.tensor(i, "gradient").values(), row);
            float[] found = Arrays.copyOfRange(result.gradient(), i * row, (i + 1) * row);
            AGREEMENT.within(ARRAYS, "gradient", where(fixture, i), want, found);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void choicesScoreTheSame(Fixture fixture) {
        LoadedCheckpoint model = load(fixture);
        int[][][] choices = IntStream.range(0, fixture.size())
                .mapToObj(i -> fixture.texts(i, "choices").stream()
                        .map(model.edge()::answerIds)
                        .toArray(int[][]::new))
                .toArray(int[][][]::new);
        Scores scores = model.llm().score(model.referencePrompts(), choices);
        for (int i = 0; i < fixture.size(); i++) {
            double[] want = fixture.numbers(i, "choice_log_likelihoods");
            for (int c = 0; c < want.length; c++) {
                AGREEMENT.within(LOSS, "choices", where(fixture, i), want[c], scores.logLikelihood()[i][c]);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void greedyContinuationsAreTheSameTokens(Fixture fixture) {
        LoadedCheckpoint model = load(fixture);
        int[][] generated = model.llm().generate(model.referencePrompts(), fixture.newTokens());
        for (int i = 0; i < fixture.size(); i++) {
            assertArrayEquals(fixture.ids(i, "generated"), generated[i], where(fixture, i));
        }
    }

    private static String where(Fixture fixture, int sample) {
        return fixture + ", sample " + sample;
    }
}
