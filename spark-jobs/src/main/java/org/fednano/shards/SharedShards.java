package org.fednano.shards;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/**
 * A prepared shards folder as the driver sees it: its manifest, never its rows.
 *
 * @param uri the folder
 * @param fingerprint SHA-256 of {@code manifest.json}, in hexadecimal
 * @param clients clients by id
 */
public record SharedShards(String uri, String fingerprint, List<Client> clients) {

    /**
     * One client by the manifest.
     *
     * @param id the client
     * @param trainingRows n_k
     */
    public record Client(String id, long trainingRows) {}

    /** One client's folder. */
    ClientLocation place(String clientId, List<String> hosts) {
        return new ClientLocation(
                clientId,
                ShardPaths.client(uri, clientId).toString(),
                uri,
                Map.of(),
                hosts,
                List.of(ClientLocation.UNDATED),
                "");
    }

    /**
     * One client's rows.
     *
     * @throws JobException with status 3 if the file system cannot be opened
     */
    public ClientRows rows(Configuration conf, String clientId) {
        return ClientStore.open(place(clientId, List.of()), conf).rows();
    }

    /** Client ids, sorted. */
    public List<String> clientIds() {
        return clients.stream().map(Client::id).toList();
    }

    /**
     * Reads the manifest.
     *
     * @throws JobException with status 3 if it is missing, broken, or names no client with training rows
     */
    public static SharedShards open(Configuration conf, String uri) {
        Path manifest = ShardPaths.manifest(uri);
        byte[] bytes;
        try (FSDataInputStream in = manifest.getFileSystem(conf).open(manifest)) {
            bytes = in.readAllBytes();
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "Prepared shards expected in " + uri + ": found no manifest.json there (it is written last, so a"
                            + " folder without one is incomplete). Set run.shards, or run `fednano prepare` first.",
                    e);
        } catch (IOException e) {
            throw JobException.badInput("Shard manifest " + manifest + " cannot be read: " + e.getMessage(), e);
        }
        List<Client> clients = new ArrayList<>();
        try {
            JsonNode root = new ObjectMapper().readTree(bytes);
            if (root.path("format").asInt() != 1) {
                throw JobException.badInput("Shard manifest " + manifest + " must have \"format\": 1: found "
                        + root.path("format") + ". Make the shards again with this version's `fednano prepare`.");
            }
            for (JsonNode client : root.path("clients")) {
                String id = client.path("client_id").asText();
                if (!id.matches("[A-Za-z0-9._-]+")) {
                    throw JobException.badInput("Client ids consist of letters, digits, '.', '_' and '-': found '" + id
                            + "' in " + manifest + ".");
                }
                clients.add(new Client(
                        id, client.path("rows").path(Split.TRAIN.text()).asLong()));
            }
        } catch (IOException e) {
            throw JobException.badInput("Shard manifest " + manifest + " is not valid JSON: " + e.getMessage(), e);
        }
        if (clients.isEmpty()) {
            throw JobException.badInput("At least one client expected in " + manifest + ": found none.");
        }
        clients.sort(Comparator.comparing(Client::id));
        if (clients.stream().noneMatch(client -> client.trainingRows() > 0)) {
            throw JobException.badInput(
                    "At least one client must have a training row: " + manifest + " counts none for " + clients.size()
                            + " clients. Prepare the shards again from a source that has some.");
        }
        return new SharedShards(uri, Sha256.of(bytes), List.copyOf(clients));
    }
}
