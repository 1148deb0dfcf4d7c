package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientReport;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.RoundResult;
import org.fednano.gateway.Traffic;
import org.fednano.metrics.ClientRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.RoundRow;
import org.fednano.runstore.AdapterFile;
import org.fednano.settings.Settings;
import org.fednano.shards.ClientLocation;
import org.junit.jupiter.api.Test;

/** A merged round's numbers stand in their own columns. */
class RoundRowsTest {

    private static ClientReport report(String client) {
        return new ClientReport(
                client, ClientReport.Fate.MERGED, "", 5, 0.5, 1, 0, 0, 8, 8, 8, ClientUpdate.Metrics.NONE);
    }

    @Test
    void aRoundsNumbersAreNotMixedUp() {
        AdapterLayout layout = AdapterLayout.of("all", 4, 2, 1);
        GlobalAdapter global = new GlobalAdapter(3, new float[layout.size()], Map.of());
        List<ClientReport> clients = List.of(report("a"), report("b"));
        RoundResult result = new RoundResult(global, clients, 2.5, Double.NaN, 0.25, 11, Instant.EPOCH, 1.5);
        RoundMetrics rows = RoundRows.of(
                Settings.defaults(),
                result,
                Map.of("a", new Traffic(50, 40, 3, 60, 70, 8, 0, 0), "b", new Traffic(5, 0, 4, 6, 7, 8, 0, 0)),
                client -> new ClientLocation(client, "", "", Map.of(), List.of(), List.of(), ""),
                AdapterFile.of(3, layout, global.theta()));
        ClientRow first = rows.clients().get(0);
        assertEquals(50, first.uplinkActivationBytes());
        assertEquals(40, first.uplinkCodeBytes());
        assertEquals(3, first.uplinkFeatureBytes());
        assertEquals(60, first.downlinkGradientBytes());
        RoundRow row = rows.rounds().get(0);
        assertEquals(11, row.clampedValues());
        assertEquals(7, row.uplinkFeatureBytes());
        assertEquals(55, row.uplinkActivationBytes());
        assertEquals(0.25, row.updateNorm());
        assertEquals(1.5, row.wallSeconds());
        assertEquals(2.5, row.firstEpochLoss());
        assertEquals(null, row.lastEpochLoss());
    }
}
