package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.fednano.prompt.PromptIds;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.Test;

/** Whatever other models need, nano-llava's prompts and features stay what its published results were measured with. */
class ShippedModelTest {

    private static final HfModelFolder MODEL = HfModelFolder.open(Path.of("../conf/models/nano-llava"));

    /** Computed from the files by the recipe of its Javadoc, in Python: SHA-256 over texts with their lengths. */
    @Test
    void itsFeaturesKeepTheirKey() {
        assertEquals(
                "feff5bb3b3e302b689c509ba87937288631532bced6b434ab0a1b0b3aa8a6826",
                NanoEdgeSpec.of(MODEL, Settings.defaults()).fingerprint());
    }

    @Test
    void itsPromptsAndAnswersKeepTheirIds() {
        NanoEdgeSpec spec = NanoEdgeSpec.of(MODEL, Settings.defaults());
        try (PromptTokenizer tokenizer = new PromptTokenizer(spec.tokenizerJson(), spec.prompt())) {
            PromptIds ids = new PromptIds(MODEL.config(), spec.tokenizerJson(), spec.prompt(), tokenizer);
            for (String text : List.of("what color is the circle?", "two", "a Red  square!", "x", "12", "it's zyx_w")) {
                int[] answer = tokenizer.encode(text, false);
                assertArrayEquals(
                        IntStream.concat(IntStream.of(answer), IntStream.of(3)).toArray(), ids.ofAnswer(text), text);
                assertArrayEquals(
                        tokenizer.encode("USER: " + text + " ASSISTANT:", false),
                        ids.of(asking(text), new int[0]),
                        text);
            }
        }
    }

    private static Sample asking(String text) {
        return new Sample("s", "c", Split.TEST, List.of(), text, "", List.of(), "a", -1, "t", "k", "s");
    }
}
