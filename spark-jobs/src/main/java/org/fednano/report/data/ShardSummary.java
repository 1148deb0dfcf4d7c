package org.fednano.report.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/**
 * What the manifest of a shards folder counts.
 *
 * @param uri the folder
 * @param split settings of the split over clients, as the manifest lists them
 * @param read records that came in
 * @param kept records in shards
 * @param rejected records by reason
 * @param clients by id, sorted
 */
public record ShardSummary(
        String uri, Map<String, String> split, long read, long kept, Map<String, Long> rejected, List<Client> clients) {

    /**
     * @param rows samples by split
     * @param answers training rows by normalised answer
     * @param categories training rows by category
     */
    public record Client(String id, Map<String, Long> rows, Map<String, Long> answers, Map<String, Long> categories) {

        /** n_k. */
        public long trainingRows() {
            return rows.getOrDefault(Split.TRAIN.text(), 0L);
        }
    }

    /**
     * Reads a manifest.
     *
     * @throws JobException with status 3 if there is none or it is no manifest
     */
    public static ShardSummary read(String uri, Configuration hadoop) {
        Path manifest = new Path(uri, "manifest.json");
        try (InputStream in = manifest.getFileSystem(hadoop).open(manifest)) {
            JsonNode json = JsonMapper.builder().build().readTree(in);
            if (!json.path("clients").isArray() || json.path("clients").isEmpty()) {
                throw JobException.badInput(manifest + " must list clients: found none. Run `fednano prepare` again.");
            }
            return of(uri, json);
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "Prepared shards expected in " + uri + ": found no manifest.json there. Name the folder that"
                            + " `fednano prepare` made.",
                    e);
        } catch (IOException e) {
            throw JobException.badInput(manifest + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static ShardSummary of(String uri, JsonNode json) {
        Map<String, String> split = new LinkedHashMap<>();
        json.path("split")
                .fields()
                .forEachRemaining(e -> split.put(e.getKey(), e.getValue().asText()));
        List<Client> clients = new ArrayList<>();
        for (JsonNode client : json.path("clients")) {
            clients.add(new Client(
                    client.path("client_id").asText(),
                    counts(client.path("rows")),
                    counts(client.path("answers")),
                    counts(client.path("categories"))));
        }
        clients.sort(Comparator.comparing(Client::id));
        return new ShardSummary(
                uri,
                split,
                json.path("read").asLong(),
                json.path("kept").asLong(),
                counts(json.path("rejected")),
                List.copyOf(clients));
    }

    private static Map<String, Long> counts(JsonNode node) {
        Map<String, Long> counts = new TreeMap<>();
        node.fields().forEachRemaining(e -> counts.put(e.getKey(), e.getValue().asLong()));
        return counts;
    }

    /** Training rows of all clients. */
    public long trainingRows() {
        return clients.stream().mapToLong(Client::trainingRows).sum();
    }

    /** The number of equally large clients that would be as uneven: 1 / Σ share². */
    public double effectiveClients() {
        double all = trainingRows();
        return 1
                / clients.stream()
                        .mapToDouble(c -> c.trainingRows() / all)
                        .map(share -> share * share)
                        .sum();
    }
}
