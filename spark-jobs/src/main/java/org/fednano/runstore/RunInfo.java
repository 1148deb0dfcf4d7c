package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.files.Json;
import org.fednano.settings.Settings;

/**
 * What {@code run.json} says of a run.
 *
 * @param runUuid drawn when the run began; tells apart two runs of one name
 * @param runId name in the metric tables
 * @param startedAt when the run began
 * @param settings every setting as JSON text (which is HOCON too) with its origin; secrets are redacted
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

    public RunInfo {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    }

    /**
     * The run's method, model and data as {@code key=value} pairs for {@link Settings#load}, so that a later command
     * (evaluate, export) sees what trained without being told again. Keys that this version no longer knows are left
     * out.
     */
    public List<String> sets() {
        return settings.entrySet().stream()
                .filter(s -> RunIdentity.isPinned(s.getKey()) || RunIdentity.LOCATIONS.contains(s.getKey()))
                .filter(s ->
                        org.fednano.settings.SettingsRegistry.find(s.getKey()).isPresent())
                .map(s -> s.getKey() + "=" + typed(Json.parse(s.getValue().value())))
                .toList();
    }

    /** A text as it stands; JSON of anything else is what {@code --set} takes. */
    private static String typed(JsonNode value) {
        return value.isTextual() ? value.textValue() : value.toString();
    }
}
