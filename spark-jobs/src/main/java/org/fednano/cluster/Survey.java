package org.fednano.cluster;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.cluster.EncodeJob.Checked;
import org.fednano.cluster.EncodeJob.Encoded;
import org.fednano.cluster.EncodeJob.Outcome;
import org.fednano.cluster.EncodeJob.Truncated;

/**
 * What a look at the clients' data found, and what was encoded.
 *
 * @param made clients whose features were made
 * @param rows of these clients
 * @param cuts clients with prompts that were cut, now or when their features were made
 * @param trainingRows of each client that can take part
 * @param troubles why the others cannot; only of a catalogue's clients
 */
public record Survey(
        List<String> made, long rows, List<Cut> cuts, Map<String, Long> trainingRows, Map<String, String> troubles) {

    static final Survey NOTHING = new Survey(List.of(), 0, List.of(), Map.of(), Map.of());

    /**
     * Prompts of a client that were cut to {@code prompt.max_tokens}.
     *
     * @param prompts how many, over all splits
     * @param first id of the first sample
     */
    public record Cut(String clientId, long prompts, String first) {}

    static Survey of(
            List<Outcome<Checked>> checked,
            List<Outcome<Encoded>> made,
            Map<String, Long> trainingRows,
            Map<String, String> troubles) {
        Map<String, Cut> cuts = new TreeMap<>();
        checked.forEach(client -> add(cuts, client.clientId(), client.result().truncated()));
        made.forEach(client -> add(cuts, client.clientId(), client.result().truncated()));
        return new Survey(
                made.stream().map(Outcome::clientId).toList(),
                made.stream().mapToLong(client -> client.result().rows()).sum(),
                List.copyOf(cuts.values()),
                trainingRows,
                troubles);
    }

    private static void add(Map<String, Cut> cuts, String client, Truncated more) {
        if (more.prompts() > 0) {
            cuts.merge(
                    client,
                    new Cut(client, more.prompts(), more.first()),
                    (a, b) -> new Cut(client, a.prompts + b.prompts, a.first));
        }
    }

    /** The same without troubles that were known before. */
    Survey without(Map<String, String> known) {
        Map<String, String> fresh = new TreeMap<>(troubles);
        fresh.entrySet().removeAll(known.entrySet());
        return new Survey(made, rows, cuts, trainingRows, fresh);
    }
}
