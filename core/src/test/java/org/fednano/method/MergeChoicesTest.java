package org.fednano.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Strategies, merge spaces and refactoring: which go together. */
class MergeChoicesTest {

    private static final AdapterLayout LAYOUT = AdapterLayout.of("all", 5, 2, 1);

    @ParameterizedTest
    @CsvSource({
        "fednano, merger.space=product, diagonal Fisher",
        "fednano-ef, merger.space=product, diagonal Fisher",
        "fedadam, merger.refactor=balanced, last round",
        "fedavgm, merger.space=product, last round",
        "fedavg-bal, merger.refactor=keep, fedavg",
        "fedprod, merger.space=factors, fedavg",
        "fedprod-robust, merger.weights=geometric-median, by their updates",
        "fedprod, merger.clamp=1, a mean of what clients sent",
        "fedprod-robust, merger.clamp=1, a mean of what clients sent",
        "fedavg-bal, merger.clamp=1, a mean of what clients sent",
    })
    void whatMakesNoSenseIsRefusedWithTheReason(String strategy, String setting, String reason) {
        JobException e = assertThrows(JobException.class, () -> server("run.strategy=" + strategy, setting));
        assertEquals(ExitStatus.USAGE, e.status());
        for (String part : List.of(strategy, setting.substring(0, setting.indexOf('=')), reason)) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    void aMergedProductHasNoFactorsToKeep() {
        JobException e = assertThrows(
                JobException.class,
                () -> server("run.strategy=fedavg", "merger.space=product", "merger.refactor=keep"));
        assertTrue(e.getMessage().contains("no factors to keep"), e.getMessage());
    }

    /** Other factors than the clients' have no values of theirs to lie between. */
    @ParameterizedTest
    @ValueSource(strings = {"merger.space=product", "merger.refactor=balanced"})
    void factorsOfItsOwnCannotBeHeld(String setting) {
        JobException e =
                assertThrows(JobException.class, () -> server("run.strategy=fedprox", "merger.clamp=1", setting));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(setting.replace("=", " = ")), e.getMessage());
        assertTrue(server("run.strategy=fedprox", "merger.clamp=1").clampable());
    }

    @ParameterizedTest
    @CsvSource({
        "fedavg-bal, fedavg, merger.refactor=balanced",
        "fedprod, fedavg, merger.space=product",
        "fedprod, fedprox, merger.space=product",
    })
    void aPresetIsNoMoreThanItsChoices(String preset, String strategy, String setting) {
        assertArrayEquals(merged("run.strategy=" + preset), merged("run.strategy=" + strategy, setting));
    }

    @Test
    void fisherWeighedFactorsCanBeBalanced() {
        float[] plain = merged("run.strategy=fednano");
        float[] balanced = merged("run.strategy=fednano", "merger.refactor=balanced");
        assertTrue(!Arrays.equals(plain, balanced));
    }

    private static ServerRule server(String... sets) {
        Settings settings = Settings.load(List.of(), List.of(sets));
        return Methods.of(settings).server(settings);
    }

    private static float[] merged(String... sets) {
        Random random = new Random(3);
        Merger merger = server(sets).start(LAYOUT, vector(random), Map.of());
        for (int k = 1; k < 4; k++) {
            float[] fisher = vector(random);
            for (int i = 0; i < fisher.length; i++) {
                fisher[i] *= fisher[i];
            }
            merger.add(vector(random), new HashMap<>(Map.of(FisherRule.NAME, fisher)), k);
        }
        return merger.merge().theta();
    }

    private static float[] vector(Random random) {
        float[] values = new float[LAYOUT.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
