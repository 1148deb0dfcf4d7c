package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.fednano.files.Json;
import org.fednano.files.RunFiles;
import org.fednano.settings.Settings;

/** {@code run.json} to and from {@link RunInfo}. */
final class RunJson {

    /** A setting whose key has one of these words holds a secret. ("tokens", as in prompt.max_tokens, is none.) */
    private static final Set<String> SECRET_WORDS = Set.of("token", "password", "secret", "credential", "credentials");

    static final String REDACTED = "(redacted)";

    private RunJson() {}

    static byte[] bytes(RunInfo info) {
        ObjectNode document = Json.document();
        document.put("run_uuid", info.runUuid());
        document.put("run_id", info.runId());
        document.put("started_at", info.startedAt().toString());
        ObjectNode fingerprints = document.putObject("fingerprints");
        fingerprints.put("llm", info.fingerprints().llm());
        fingerprints.put("encoder", info.fingerprints().encoder());
        fingerprints.put("shards", info.fingerprints().shards());
        ObjectNode versions = document.putObject("versions");
        info.versions().forEach(versions::put);
        ObjectNode settings = document.putObject("settings");
        info.settings().forEach((key, resolved) -> {
            ObjectNode setting = settings.putObject(key);
            setting.set("value", Json.parse(resolved.value()));
            setting.put("origin", resolved.origin());
        });
        return Json.bytes(document);
    }

    static RunInfo read(RunFiles files, Path file) throws IOException {
        JsonNode document = Json.read(files, file);
        JsonNode fingerprints = document.path("fingerprints");
        Map<String, String> versions = new LinkedHashMap<>();
        document.path("versions")
                .fields()
                .forEachRemaining(v -> versions.put(v.getKey(), v.getValue().asText()));
        Map<String, Settings.Resolved> settings = new LinkedHashMap<>();
        document.path("settings")
                .fields()
                .forEachRemaining(s -> settings.put(
                        s.getKey(),
                        new Settings.Resolved(
                                s.getValue().path("value").toString(),
                                s.getValue().path("origin").asText())));
        return new RunInfo(
                Json.text(document, "run_uuid", file),
                Json.text(document, "run_id", file),
                Instant.parse(Json.text(document, "started_at", file)),
                settings,
                new Fingerprints(
                        Json.text(fingerprints, "llm", file),
                        Json.text(fingerprints, "encoder", file),
                        Json.text(fingerprints, "shards", file)),
                versions);
    }

    /** All settings as JSON text with their origin, secrets redacted. */
    static Map<String, Settings.Resolved> settings(Settings settings) {
        Map<String, Settings.Resolved> values = new LinkedHashMap<>();
        settings.resolved()
                .forEach((key, resolved) ->
                        values.put(key, new Settings.Resolved(redact(key, json(resolved.value())), resolved.origin())));
        return values;
    }

    /** HOCON text of one value as JSON text. */
    private static String json(String hocon) {
        Object value = ConfigFactory.parseString("value = " + hocon).getAnyRef("value");
        return Json.tree(value).toString();
    }

    static String redact(String key, String json) {
        if (Arrays.stream(key.split("[._]")).anyMatch(SECRET_WORDS::contains)) {
            return Json.tree(REDACTED).toString();
        }
        // A URI may carry a user and a password before its host.
        return json.replaceAll("://[^/@\"]+@", "://" + REDACTED + "@");
    }
}
