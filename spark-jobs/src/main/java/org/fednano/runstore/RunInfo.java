package org.fednano.runstore;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.fednano.settings.Settings;

/**
 * What {@code run.json} says of a run.
 *
 * @param runUuid drawn when the run began; tells apart two runs of one name
 * @param runId name in the metric tables
 * @param startedAt when the run began
 * @param settings every setting as HOCON text, with its origin; secrets are redacted
 * @param fingerprints model, encoder and shards
 * @param versions what computed when the run began
 */
public record RunInfo(
        String runUuid,
        String runId,
        Instant startedAt,
        Map<String, Settings.Resolved> settings,
        Fingerprints fingerprints,
        Map<String, String> versions) {

    /**
     * The run's own method settings as {@code key=value} pairs for {@link Settings#load}, so that a later command
     * (evaluate, export) sees the method that trained without being told again.
     */
    public List<String> methodSets() {
        throw new UnsupportedOperationException();
    }
}
