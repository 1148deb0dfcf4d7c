package org.fednano.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.settings.PretrainKeys;
import org.fednano.settings.Settings;
import org.fednano.tensor.TensorEngine;
import org.fednano.testing.TestImages;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTest {

    @TempDir
    Path folder;

    @BeforeAll
    static void engine() {
        TensorEngine.start(1);
    }

    /** One square of red or blue somewhere; half of the questions are multiple choice. */
    private static List<Sample> squares(int count, long seed) throws IOException {
        List<Sample> samples = new ArrayList<>();
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            boolean red = random.nextBoolean();
            BufferedImage image = new BufferedImage(48, 48, BufferedImage.TYPE_INT_RGB);
            Graphics2D g = image.createGraphics();
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, 48, 48);
            g.setColor(red ? Color.RED : Color.BLUE);
            g.fillRect(random.nextInt(24), random.nextInt(24), 24, 24);
            g.dispose();
            boolean choose = i % 2 == 0;
            samples.add(new Sample(
                    "s" + i,
                    "base",
                    Split.TRAIN,
                    Medium.picture(TestImages.file(image, "png")),
                    "What color is it?",
                    "",
                    choose ? List.of("red", "blue") : List.of(),
                    red ? "red" : "blue",
                    choose ? (red ? 0 : 1) : -1,
                    choose ? "choose_txt" : "fill_in_blank",
                    red ? "warm" : "cold",
                    "test"));
        }
        return samples;
    }

    private static Settings settings(int samples, long seed) {
        return Settings.defaults()
                .with(PretrainKeys.SAMPLES, samples)
                .with(PretrainKeys.BATCH, 8)
                .with(PretrainKeys.SEED, seed);
    }

    @Test
    void theSameSeedGivesTheSameBytes() throws IOException {
        List<Sample> samples = squares(24, 1);
        byte[][] bytes = new byte[3][];
        for (int i = 0; i < 3; i++) {
            Training training = new Training(settings(64, i == 2 ? 2 : 1), samples, line -> {});
            bytes[i] = SafeTensorsWriter.bytes(training.train(samples, List.of()), Map.of());
        }
        assertArrayEquals(bytes[0], bytes[1]);
        assertFalse(java.util.Arrays.equals(bytes[0], bytes[2]));
    }

    @Test
    void aSimpleWorldIsLearntAndServedFromTheWrittenFolder() throws IOException {
        List<Sample> samples = squares(200, 1);
        List<String> lines = new ArrayList<>();
        Settings settings = settings(640, 1);
        Training training = new Training(settings, samples, lines::add);
        Map<String, FloatTensor> weights = training.train(samples, samples.subList(0, 20));
        for (Map.Entry<String, String> file : training.files().entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), weights, Map.of("format", "pt"));
        assertTrue(Files.size(folder.resolve("model.safetensors")) < 8_000_000);
        Map<String, HeldOut.Accuracy> accuracy = HeldOut.evaluate(HfModelFolder.open(folder), squares(60, 2), settings);
        assertEquals(60, accuracy.get("").samples());
        assertEquals(60, accuracy.get("warm").samples() + accuracy.get("cold").samples());
        assertTrue(accuracy.get("").percent() >= 95, accuracy.toString() + lines);
        assertTrue(lines.get(lines.size() - 1).contains("held out"), lines.toString());
        String card = new ModelCard(settings, 200, "abc", 1_000_000, 1, 0.5, accuracy).text();
        assertTrue(card.contains("| all | ") && card.contains("`abc`"), card);
    }

    @Test
    void samplesWithoutAPictureAreRefused() throws IOException {
        List<Sample> samples = squares(1, 1);
        Sample s = samples.get(0);
        samples.add(new Sample("t1", "base", Split.TRAIN, List.of(), "What?", "", List.of(), "red", -1, "", "", ""));
        Training training = new Training(settings(8, 1), samples, line -> {});
        String message = assertThrows(JobException.class, () -> training.train(samples, List.of()))
                .getMessage();
        assertTrue(message.contains("t1") && !message.contains(s.sampleId() + " "), message);
    }

    @Test
    void anyEnglishTextHasTokensAndComesBack() {
        WordPieceVocabulary vocabulary = WordPieceVocabulary.of(List.of("How many red circles?", "CIRCLES"));
        try (PromptTokenizer tokenizer = new PromptTokenizer(vocabulary.tokenizerJson())) {
            int[] ids = tokenizer.encode("How many unheard-of zebras, 42%? Red circles!", false);
            for (int id : ids) {
                assertNotEquals(vocabulary.id(WordPieceVocabulary.UNKNOWN), id);
            }
            assertEquals("red circles", tokenizer.decode(new int[] {
                vocabulary.id("red"), vocabulary.id("circles"), vocabulary.id("</s>")
            }));
            assertEquals("zebra", tokenizer.decode(tokenizer.encode("zebra", false)));
        }
        assertEquals(
                vocabulary.tokenizerJson(),
                WordPieceVocabulary.of(List.of("CIRCLES", "red many how circles"))
                        .tokenizerJson());
    }
}
