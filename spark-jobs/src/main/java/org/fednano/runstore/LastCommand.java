package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.files.FaultInjector;
import org.fednano.files.Json;
import org.fednano.files.RunFiles;
import org.fednano.settings.ExitStatus;

/**
 * Status and numbers of the last call on a run, as {@code last.json} holds them for schedulers: exit codes don't survive
 * cluster deploy mode.
 *
 * @param command command, such as {@code train}
 * @param status how it ended
 * @param lastRound highest committed round, or null if there is none
 * @param evaluatedRound last evaluated round, or null if there is none; the round before where a call ended between a round's
 *     commit and its evaluation
 * @param accuracy its mean test accuracy over clients, 0 to 1, or null
 * @param message one line: what was done, or the error
 * @param endedAt when it ended
 */
public record LastCommand(
        String command,
        ExitStatus status,
        Integer lastRound,
        Integer evaluatedRound,
        Double accuracy,
        String message,
        Instant endedAt) {

    /**
     * Replaces {@code last.json} of a run folder in one step; needs no lease. Does nothing where no run has begun, so that
     * a refused call leaves nothing behind.
     */
    public void write(String runDir, Configuration hadoop) {
        try {
            Path run = RunReader.qualified(runDir, hadoop);
            RunPaths paths = new RunPaths(run);
            RunFiles files = RunFiles.of(run, hadoop, FaultInjector.NONE);
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
                .put("evaluated_round", evaluatedRound)
                .put("accuracy", accuracy)
                .put("message", message)
                .put("ended_at", endedAt.toString());
        return document;
    }

    static LastCommand of(JsonNode document, Path file) {
        JsonNode accuracy = document.path("accuracy");
        return new LastCommand(
                Json.text(document, "command", file),
                ExitStatus.valueOf(Json.text(document, "status", file).toUpperCase(Locale.ROOT)),
                number(document.path("last_round")),
                number(document.path("evaluated_round")),
                accuracy.isNumber() ? accuracy.asDouble() : null,
                Json.text(document, "message", file),
                Instant.parse(Json.text(document, "ended_at", file)));
    }

    private static Integer number(JsonNode node) {
        return node.isNumber() ? node.asInt() : null;
    }
}
