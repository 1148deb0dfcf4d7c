package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.settings.ExitStatus;

/**
 * Status and numbers of the last call on a run, as {@code last.json} holds them for schedulers: exit codes don't survive
 * cluster deploy mode.
 *
 * @param command command, such as {@code train}
 * @param status how it ended
 * @param lastRound highest committed round, or null if there is none
 * @param accuracy mean test accuracy over clients of that round, 0 to 1, or null if it was not evaluated
 * @param message one line: what was done, or the error
 * @param endedAt when it ended
 */
public record LastCall(
        String command, ExitStatus status, Integer lastRound, Double accuracy, String message, Instant endedAt) {

    /**
     * Replaces {@code last.json} of a run folder in one step; needs no lease. Does nothing where no run has begun, so that
     * a refused call leaves nothing behind.
     */
    public void write(String runDir, Configuration hadoop) {
        try {
            Path run = RunReader.qualified(runDir, hadoop);
            RunPaths paths = new RunPaths(run);
            RunFiles files = RunFiles.of(run, hadoop, FileHook.NONE);
            if (files.exists(paths.runJson())) {
                files.replace(paths.lastJson(), Json.bytes(document()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("last.json cannot be written in " + runDir, e);
        }
    }

    private ObjectNode document() {
        ObjectNode document = Json.document();
        document.put("command", command)
                .put("exit_code", status.code())
                .put("status", status.name().toLowerCase(Locale.ROOT))
                .put("last_round", lastRound)
                .put("accuracy", accuracy)
                .put("message", message)
                .put("ended_at", endedAt.toString());
        return document;
    }

    static LastCall of(JsonNode document, Path file) {
        JsonNode round = document.path("last_round");
        JsonNode accuracy = document.path("accuracy");
        return new LastCall(
                Json.text(document, "command", file),
                ExitStatus.valueOf(Json.text(document, "status", file).toUpperCase(Locale.ROOT)),
                round.isNumber() ? round.asInt() : null,
                accuracy.isNumber() ? accuracy.asDouble() : null,
                Json.text(document, "message", file),
                Instant.parse(Json.text(document, "ended_at", file)));
    }
}
