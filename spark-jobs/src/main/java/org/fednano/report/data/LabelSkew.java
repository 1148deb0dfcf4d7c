package org.fednano.report.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.fednano.report.data.ShardSummary.Client;

/**
 * How differently clients' labels are distributed. A client's distance is the total variation between its labels and those
 * of all clients together, ½ Σ |p_k − p|: 0 for the same distribution, near 1 for labels that hardly anyone else has.
 * Small clients are never at 0, so what dealing rows at random would give stands beside it.
 *
 * @param name what a label is, such as {@code answer}
 * @param plural of that
 * @param whole training rows of all clients by label
 * @param clients by id
 */
public record LabelSkew(String name, String plural, Map<String, Long> whole, Map<String, OfClient> clients) {

    /**
     * One client's labels.
     *
     * @param distance total variation to all clients together, 0 to 1
     * @param byChance what the distance would be on average if its rows were drawn at random from all
     * @param top its most frequent label
     * @param topShare share of that label in its rows, 0 to 1
     * @param labels how many different ones it has
     */
    public record OfClient(double distance, double byChance, String top, double topShare, int labels) {}

    public static LabelSkew of(
            String name, String plural, List<Client> clients, Function<Client, Map<String, Long>> labels) {
        Map<String, Long> whole = new TreeMap<>();
        clients.forEach(c -> labels.apply(c).forEach((label, n) -> whole.merge(label, n, Long::sum)));
        Map<String, OfClient> each = new LinkedHashMap<>();
        clients.forEach(c -> each.put(c.id(), ofClient(labels.apply(c), whole)));
        return new LabelSkew(name, plural, whole, each);
    }

    private static OfClient ofClient(Map<String, Long> own, Map<String, Long> whole) {
        double rows = sum(own);
        double all = sum(whole);
        if (rows == 0) {
            return new OfClient(Double.NaN, Double.NaN, "", Double.NaN, 0);
        }
        double distance = 0;
        double byChance = 0;
        String top = "";
        long most = 0;
        for (var label : whole.entrySet()) {
            double p = label.getValue() / all;
            long n = own.getOrDefault(label.getKey(), 0L);
            distance += Math.abs(n / rows - p) / 2;
            // Mean absolute deviation of a binomial share, by its normal limit; rows are drawn without return.
            double variance = p * (1 - p) / rows * (all - rows) / Math.max(1, all - 1);
            byChance += Math.sqrt(2 * variance / Math.PI) / 2;
            if (n > most) {
                most = n;
                top = label.getKey();
            }
        }
        return new OfClient(distance, byChance, top, most / rows, own.size());
    }

    private static double sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Mean distance, each client alike. */
    public double meanDistance() {
        return clients.values().stream()
                .mapToDouble(OfClient::distance)
                .average()
                .orElse(Double.NaN);
    }

    /** Mean of what chance would give. */
    public double meanByChance() {
        return clients.values().stream()
                .mapToDouble(OfClient::byChance)
                .average()
                .orElse(Double.NaN);
    }

    /** The most frequent labels, at most n. */
    public List<String> frequent(int n) {
        return whole.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(n)
                .map(Map.Entry::getKey)
                .toList();
    }
}
