package org.fednano.run;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.fednano.algorithm.ClientReport;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.ClientUpdate.Metrics;
import org.fednano.algorithm.RoundResult;
import org.fednano.gateway.Traffic;
import org.fednano.metrics.ClientRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.RoundRow;
import org.fednano.runstore.AdapterFile;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.ClientLocation;

/** A merged round as metric rows; activation traffic is what the gateway counted, failed clients included. */
final class RoundRows {

    private RoundRows() {}

    /**
     * @param places where each client was in this round
     */
    static RoundMetrics of(
            Settings settings,
            RoundResult result,
            Map<String, Traffic> traffic,
            Function<String, ClientLocation> places,
            AdapterFile adapter) {
        List<ClientRow> clients = clients(result.clients(), traffic, places, null);
        return new RoundMetrics(List.of(round(settings, result, clients, adapter)), clients, List.of(), List.of());
    }

    /**
     * Rows of a round's clients.
     *
     * @param attempt which attempt at the round missed its quorum, or null if it did not
     */
    static List<ClientRow> clients(
            List<ClientReport> reports,
            Map<String, Traffic> traffic,
            Function<String, ClientLocation> places,
            Integer attempt) {
        return reports.stream()
                .map(report -> client(
                        report,
                        traffic.getOrDefault(report.clientId(), Traffic.NONE),
                        places.apply(report.clientId()).newestData(),
                        attempt))
                .toList();
    }

    private static RoundRow round(Settings settings, RoundResult result, List<ClientRow> clients, AdapterFile adapter) {
        return new RoundRow(
                settings.get(RunKeys.STRATEGY),
                settings.get(RunKeys.SEED),
                result.startedAt(),
                result.wallSeconds(),
                result.clients().size(),
                result.count(Fate.MERGED),
                result.count(Fate.FAILED),
                result.count(Fate.STRAGGLER),
                result.count(Fate.REJECTED),
                result.count(Fate.MISSING),
                number(result.firstEpochLoss()),
                number(result.lastEpochLoss()),
                result.updateNorm(),
                sum(clients, ClientRow::downlinkAdapterBytes),
                sum(clients, ClientRow::uplinkAdapterBytes),
                sum(clients, ClientRow::uplinkFisherBytes),
                sum(clients, ClientRow::uplinkActivationBytes),
                sum(clients, ClientRow::downlinkGradientBytes),
                sum(clients, c -> c.endpointSamples() == null ? 0 : c.endpointSamples()),
                clients.stream()
                        .mapToDouble(c -> c.endpointSeconds() == null ? 0 : c.endpointSeconds())
                        .sum(),
                adapter.sha256(),
                sum(clients, ClientRow::uplinkFeatureBytes),
                result.clampedValues());
    }

    private static ClientRow client(ClientReport report, Traffic traffic, String newestData, Integer attempt) {
        Metrics metrics = report.metrics();
        boolean updated = metrics.steps() > 0;
        return new ClientRow(
                report.clientId(),
                ClientRow.Outcome.valueOf(report.fate().name()),
                report.detail(),
                updated ? report.trainingRows() : null,
                number(metrics.firstEpochLoss()),
                number(metrics.lastEpochLoss()),
                updated ? metrics.steps() : null,
                traffic.samples(),
                updated ? metrics.trainSeconds() : null,
                updated ? metrics.fisherSeconds() : null,
                traffic.seconds(),
                report.fate() == Fate.MERGED ? number(report.mergeShare()) : null,
                number(report.updateNorm()),
                number(report.fisherMean()),
                report.downlinkAdapterBytes(),
                report.uplinkAdapterBytes(),
                report.uplinkFisherBytes(),
                traffic.uplinkActivationBytes(),
                traffic.downlinkGradientBytes(),
                traffic.waitSeconds(),
                updated ? metrics.cutPrompts() : null,
                newestData,
                attempt,
                number(report.updateCosine()),
                traffic.uplinkFeatureBytes(),
                traffic.uplinkCodeBytes());
    }

    /** NaN says "not measured" in memory, null does in a table. */
    private static Double number(double value) {
        return Double.isNaN(value) ? null : value;
    }

    private static long sum(List<ClientRow> clients, ToLongFunction<ClientRow> column) {
        return clients.stream().mapToLong(column).sum();
    }
}
