package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.fednano.random.Seeds;
import org.junit.jupiter.api.Test;

class SeedsTest {

    @Test
    void seedsNeverChange() {
        // Frozen when first written: a change would make every committed run unrepeatable.
        assertEquals(-786316881328101232L, Seeds.mix(1, 1, "c001"));
        assertEquals(-5396610287667829907L, Seeds.mix(-5, 200, "\u00e4"));
    }

    @Test
    void everyRunRoundAndClientHasItsOwn() {
        Set<Long> seeds = new HashSet<>();
        for (long run = 0; run < 10; run++) {
            for (int round = 0; round < 50; round++) {
                for (int client = 0; client < 50; client++) {
                    seeds.add(Seeds.mix(run, round, "c" + client));
                }
            }
        }
        assertEquals(25_000, seeds.size());
    }

    @Test
    void drawsAreSortedAndWithoutReplacement() {
        int[] drawn = Seeds.draw(100, 10, new Random(1));
        assertEquals(10, java.util.Arrays.stream(drawn).distinct().count());
        int[] sorted = drawn.clone();
        java.util.Arrays.sort(sorted);
        assertArrayEquals(sorted, drawn);
        assertArrayEquals(new int[] {0, 1, 2}, Seeds.draw(3, 0, new Random(1)));
        assertArrayEquals(new int[] {0, 1, 2}, Seeds.draw(3, 7, new Random(1)));
    }
}
