package org.fednano.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.fednano.encoder.NanoEdge;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.Sample;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checkpoints damaged at random, with fixed seeds: what is loaded from one is either refused with status 3, or bit for bit
 * what was in it. Only where bytes of tensors themselves were hit, which the format cannot tell, other values may come in;
 * then the fingerprint is another one, and so are the run's features and pins.
 */
class DamagedCheckpointTest {

    private static final Path FIXTURES = Path.of("src", "test", "resources", "parity");
    private static final int FILES = 48; // per checkpoint: four of each kind

    @TempDir
    Path temporary;

    /** All that client and endpoint make of one sample: its prompt, and its loss. */
    private record Answers(String llm, String client, float[] embeds, float[] loss) {}

    private static Answers load(Path folder, Sample sample, boolean compute) {
        HfModelFolder model = HfModelFolder.open(folder);
        try (EmbeddedLlm llm = EmbeddedLlm.open(model);
                NanoEdge edge = NanoEdge.open(model, Settings.defaults())) {
            String client = edge.spec().fingerprint();
            if (!compute) {
                return new Answers(llm.info().fingerprint(), client, new float[0], new float[0]);
            }
            FeatureBatch batch = FeatureBatch.of(edge.encode(List.of(sample), llm::embed), edge.hidden());
            return new Answers(
                    llm.info().fingerprint(),
                    client,
                    batch.prompts().embeds(),
                    llm.loss(batch.prompts(), batch.answers()).loss());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sharded", "bf16", "mistral"})
    void aDamagedCheckpointIsRefusedOrHarmless(String name) throws IOException {
        Path sound = FIXTURES.resolve(name);
        Sample sample = Fixture.open(sound).sample(0);
        Answers expected = load(sound, sample, true);
        int refused = 0;
        for (int seed = 0; seed < FILES; seed++) {
            Damage damage = Damage.values()[seed % Damage.values().length];
            String what = name + ", " + damage + ", seed " + seed;
            Path folder = copy(sound, temporary.resolve(String.valueOf(seed)));
            damage.apply(folder, new SplittableRandom(seed));
            try {
                Answers found = load(folder, sample, !damage.dataOnly());
                if (damage.dataOnly()) {
                    assertNotEquals(expected.llm, found.llm, what);
                } else {
                    assertArrayEquals(expected.embeds, found.embeds, what);
                    assertArrayEquals(expected.loss, found.loss, what);
                }
            } catch (JobException e) {
                assertEquals(ExitStatus.BAD_INPUT, e.status(), what + ": " + e.getMessage());
                assertTrue(e.getMessage().contains(folder.toString()), what + ": " + e.getMessage());
                refused++;
            }
        }
        assertTrue(refused >= FILES * 3 / 4, "refused of " + name + ": " + refused);
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        return to;
    }
}
