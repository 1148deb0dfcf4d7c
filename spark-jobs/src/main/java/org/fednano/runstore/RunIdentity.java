package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.fednano.files.Json;
import org.fednano.prompt.PromptStyle;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsRegistry;

/**
 * What may not change within a run: all that the adapter's bytes follow from. How far the run goes, what it measures, how
 * long it waits and where things lie may change.
 */
final class RunIdentity {

    /** Where a run's model and data lie: told to later commands, but free to move. */
    static final Set<String> LOCATIONS = Set.of(
            ModelKeys.DIR.key(),
            ModelKeys.ENCODERS.key(),
            RunKeys.SHARDS.key(),
            RunKeys.CLIENTS.key(),
            RunKeys.CLIENT_TAGS.key(),
            RunKeys.METRICS_DIR.key(),
            ModelKeys.MAX_NEW_TOKENS.key());

    private static final String DEFAULT_TEMPLATE = '"' + PromptStyle.DEFAULT.replace("\n", "\\n") + '"';

    private RunIdentity() {}

    static boolean isPinned(String key) {
        return SettingsRegistry.find(key).map(Setting::isPinned).orElse(false);
    }

    /**
     * Compares a call with the run it wants to continue.
     *
     * @throws JobException status 2 if settings of the method differ, 3 if model, encoder or shards do
     */
    static void check(RunInfo run, RunSpec spec, Path folder) {
        checkSettings(run, spec.settings(), folder);
        Fingerprints was = run.fingerprints();
        Fingerprints is = spec.fingerprints();
        String llm = spec.settings().get(EndpointKeys.ADDRESSES).isEmpty()
                ? ModelKeys.DIR.key()
                : EndpointKeys.ADDRESSES.key();
        checkFingerprint("LLM", was.llm(), is.llm(), llm, run, spec, folder);
        checkFingerprint("encoder and connector", was.encoder(), is.encoder(), ModelKeys.DIR.key(), run, spec, folder);
        String rows = spec.settings().get(RunKeys.CLIENTS).isEmpty() ? RunKeys.SHARDS.key() : RunKeys.CLIENTS.key();
        checkFingerprint("shards", was.shards(), is.shards(), rows, run, spec, folder);
    }

    private static void checkSettings(RunInfo run, Settings settings, Path folder) {
        Map<String, Settings.Resolved> now = RunJson.settings(settings);
        // A key that the run's version did not know yet had, then, what is its default now.
        Map<String, Settings.Resolved> defaults = RunJson.settings(Settings.defaults());
        List<String> differences = new ArrayList<>();
        now.forEach((key, found) -> {
            Settings.Resolved expected = run.settings().getOrDefault(key, defaults.get(key));
            String then = meant(run, key, expected.value());
            if (isPinned(key) && !same(then, meant(run, key, found.value()))) {
                differences.add(key + ": expected " + expected.value() + ", found " + found.value() + " ("
                        + found.origin() + ")");
            }
        });
        if (!differences.isEmpty()) {
            throw JobException.usage("Run folder " + folder
                    + " goes on only with the settings it began with (run.json). "
                    + String.join("; ", differences) + ". Give the expected values, or start another run with another "
                    + RunKeys.DIR.key() + ".");
        }
    }

    /**
     * Without further encoders {@code both} are all modalities; it was the only word for them once. LLaVA's template was the
     * default before {@code auto}; whether the model's own says the same is told by the encoder's fingerprint.
     */
    private static String meant(RunInfo run, String key, String value) {
        boolean beforeAuto = !run.settings().containsKey(ModelKeys.PROMPT_USER.key());
        if (beforeAuto && key.equals(ModelKeys.PROMPT.key()) && same(value, DEFAULT_TEMPLATE)) {
            return '"' + PromptStyle.AUTO + '"';
        }
        Settings.Resolved encoders = run.settings().get(ModelKeys.ENCODERS.key());
        boolean none = encoders == null || encoders.value().equals("[]");
        return none && key.equals(MethodKeys.MODALITIES.key()) && value.equals("\"both\"") ? "\"all\"" : value;
    }

    /** 16 and 16.0 are the same number. */
    private static boolean same(String expected, String found) {
        JsonNode a = Json.parse(expected);
        JsonNode b = Json.parse(found);
        return a.isNumber() && b.isNumber() ? a.decimalValue().compareTo(b.decimalValue()) == 0 : a.equals(b);
    }

    private static void checkFingerprint(
            String what, String expected, String found, String key, RunInfo run, RunSpec spec, Path folder) {
        if (!expected.equals(found)) {
            Settings.Resolved then = run.settings().get(key);
            Settings.Resolved now = RunJson.settings(spec.settings()).get(key);
            throw JobException.badInput("Run folder " + folder + " belongs to other " + what + ": expected fingerprint "
                    + expected + " (" + key + " was " + (then == null ? "not recorded" : then.value()) + "), found "
                    + found
                    + " (" + key + " = " + now.value() + ", " + now.origin() + "). Set " + key
                    + " to what the run began with, or start another run with another " + RunKeys.DIR.key() + ".");
        }
    }

    /**
     * The run's name in the metric tables.
     *
     * @throws JobException status 2 if it does not fit into a path
     */
    static String runId(Settings settings, Path folder) {
        String given = settings.get(RunKeys.ID);
        String id = given.isEmpty() ? folder.getName() : given;
        if (!id.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw JobException.usage("A run's name in the metric tables must be letters, digits, '.', '_' or '-', the"
                    + " first a letter or digit: found '" + id + "' "
                    + (given.isEmpty() ? "(last element of " + RunKeys.DIR.key() + ")" : "in " + RunKeys.ID.key())
                    + ". Set " + RunKeys.ID.key() + ".");
        }
        return id;
    }
}
