package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.fednano.files.Json;
import org.fednano.files.RunFiles;
import org.fednano.settings.JobException;

/** {@code commit.json} to and from {@link Commit}. */
final class CommitJson {

    private CommitJson() {}

    static byte[] bytes(Commit commit, String runUuid, Instant committedAt) {
        ObjectNode document = Json.document();
        document.put("round", commit.round());
        document.put("run_uuid", runUuid);
        document.put("committed_at", committedAt.toString());
        document.putObject("adapter")
                .put("file", RunPaths.ADAPTER)
                .put("bytes", commit.adapterBytes())
                .put("sha256", commit.adapterSha256());
        if (commit.parentRound() == null) {
            document.putNull("parent");
        } else {
            document.putObject("parent")
                    .put("round", commit.parentRound())
                    .put("adapter_sha256", commit.parentSha256());
        }
        ArrayNode clients = document.putArray("accepted_clients");
        commit.acceptedClients().forEach(clients::add);
        ArrayNode metrics = document.putArray("metrics");
        for (Commit.MetricFile file : commit.metrics()) {
            metrics.addObject()
                    .put("table", file.table())
                    .put("file", file.name())
                    .put("rows", file.rows())
                    .put("sha256", file.sha256());
        }
        document.put("rows_kept", commit.rowsKept());
        return Json.bytes(document);
    }

    static Commit read(RunFiles files, Path file, int round, String runUuid) throws IOException {
        JsonNode document = Json.read(files, file);
        String foundUuid = Json.text(document, "run_uuid", file);
        int foundRound = document.path("round").asInt(-1);
        if (foundRound != round || !foundUuid.equals(runUuid)) {
            throw JobException.badInput(file + " must be the commit of round " + round + " of run " + runUuid
                    + ": found round " + foundRound + " of run " + foundUuid
                    + ". Files of different runs were mixed; restore the run folder.");
        }
        JsonNode parent = document.path("parent");
        List<String> clients = new ArrayList<>();
        document.path("accepted_clients").forEach(c -> clients.add(c.asText()));
        List<Commit.MetricFile> metrics = new ArrayList<>();
        for (JsonNode m : document.path("metrics")) {
            metrics.add(new Commit.MetricFile(
                    Json.text(m, "table", file),
                    Json.text(m, "file", file),
                    m.path("rows").asInt(),
                    Json.text(m, "sha256", file)));
        }
        return new Commit(
                round,
                Json.text(document.path("adapter"), "sha256", file),
                document.path("adapter").path("bytes").asLong(),
                parent.isObject() ? parent.path("round").asInt() : null,
                parent.isObject() ? Json.text(parent, "adapter_sha256", file) : null,
                clients,
                metrics,
                document.path("rows_kept").asBoolean());
    }
}
