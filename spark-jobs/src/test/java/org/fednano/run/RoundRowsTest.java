package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.RoundResult;
import org.fednano.metrics.RoundRow;
import org.fednano.runstore.AdapterFile;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

/** A merged round's numbers stand in their own columns. */
class RoundRowsTest {

    @Test
    void aRoundsNumbersAreNotMixedUp() {
        AdapterLayout layout = AdapterLayout.of("all", 4, 2, 1);
        GlobalAdapter global = new GlobalAdapter(3, new float[layout.size()], Map.of());
        RoundResult result = new RoundResult(global, List.of(), 2.5, Double.NaN, 0.25, 11, Instant.EPOCH, 1.5);
        RoundRow row = RoundRows.of(
                        Settings.defaults(),
                        result,
                        Map.of(),
                        7,
                        client -> null,
                        AdapterFile.of(3, layout, global.theta()))
                .rounds()
                .get(0);
        assertEquals(11, row.clampedValues());
        assertEquals(7, row.uplinkFeatureBytes());
        assertEquals(0.25, row.updateNorm());
        assertEquals(1.5, row.wallSeconds());
        assertEquals(2.5, row.firstEpochLoss());
        assertEquals(null, row.lastEpochLoss());
    }
}
