package org.fednano.prep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * What {@code prepare} made of a raw data set; {@code manifest.json} in the shards folder. Its bytes depend on the data
 * and the settings alone (no times, no host), since runs pin their shards by its SHA-256.
 *
 * @param source the raw data set, as given
 * @param sourceFingerprint SHA-256 of its index files
 * @param split how samples went to clients
 * @param clients rows and counts per client
 * @param read records that came in; {@code kept} plus all of {@code rejected}
 */
record Manifest(
        String source,
        String sourceFingerprint,
        Map<String, Object> split,
        List<Client> clients,
        long read,
        long kept,
        SortedMap<String, Long> rejected) {

    static final String NAME = "manifest.json";

    private static final int FORMAT = 1;

    /**
     * @param rows samples per split
     * @param contents per split: SHA-256 over its rows, images included
     * @param answers training rows per normalised answer
     * @param categories training rows per category
     */
    record Client(
            String id,
            Map<String, Long> rows,
            Map<String, String> contents,
            SortedMap<String, Integer> answers,
            SortedMap<String, Integer> categories) {}

    Manifest {
        long accounted =
                kept + rejected.values().stream().mapToLong(Long::longValue).sum();
        long sharded = clients.stream()
                .flatMap(c -> c.rows().values().stream())
                .mapToLong(Long::longValue)
                .sum();
        if (accounted != read || sharded != kept) {
            throw new IllegalStateException("Every record must be in a shard or in rejects: read " + read + ", kept "
                    + kept + ", in shards " + sharded + ", rejected " + rejected);
        }
    }

    /** The file's text. */
    String json() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Client c : clients) {
            Map<String, Object> client = new LinkedHashMap<>();
            client.put("client_id", c.id());
            client.put("rows", c.rows());
            client.put("content_sha256", c.contents());
            client.put("answers", c.answers());
            client.put("categories", c.categories());
            list.add(client);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("format", FORMAT);
        all.put("source", source);
        all.put("source_fingerprint", "sha256:" + sourceFingerprint);
        all.put("split", split);
        all.put("read", read);
        all.put("kept", kept);
        all.put("rejected", rejected);
        all.put("clients", list);
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter()
                .withObjectIndenter(new DefaultIndenter("  ", "\n")); // not the platform's line ends
        try {
            return new ObjectMapper().writer(printer).writeValueAsString(all) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A manifest is plain maps and numbers", e);
        }
    }
}
