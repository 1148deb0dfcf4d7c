package org.fednano.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;
import org.fednano.process.ProcessMark;

/**
 * The process behind a lease.
 *
 * @param uuid drawn per lease: one process may hold several runs
 */
record LeaseOwner(ProcessMark process, String uuid) {

    /** This process, with a new uuid. */
    static LeaseOwner here() {
        return new LeaseOwner(ProcessMark.here(), UUID.randomUUID().toString());
    }

    /** Whether the process ran on this host and is gone: then nobody needs to wait for its lease to lapse. */
    boolean isKnownDead() {
        return process.isKnownDead();
    }

    void write(ObjectNode document) {
        document.put("host", process.host())
                .put("pid", process.pid())
                .put(
                        "process_started_at",
                        Instant.ofEpochMilli(process.startedMillis()).toString())
                .put("uuid", uuid);
    }

    static LeaseOwner read(JsonNode document) {
        ProcessMark process = new ProcessMark(
                document.path("host").asText(),
                document.path("pid").asLong(),
                Instant.parse(document.path("process_started_at").asText("1970-01-01T00:00:00Z"))
                        .toEpochMilli());
        return new LeaseOwner(process, document.path("uuid").asText());
    }
}
