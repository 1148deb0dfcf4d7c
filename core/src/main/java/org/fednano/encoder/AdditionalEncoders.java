package org.fednano.encoder;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/** What {@code model.encoders} says: folders of TorchScript encoders by modality, in its order. */
final class AdditionalEncoders {

    /** Words that {@code adapter.modalities} takes for itself, and the modality that has no encoder. */
    private static final List<String> TAKEN = List.of("text", "all", "both");

    private AdditionalEncoders() {}

    /** @throws JobException with status 2 if an entry is no name=DIR, or a name is not allowed or comes twice */
    static Map<String, Path> of(Settings settings) {
        Map<String, Path> folders = new LinkedHashMap<>();
        for (String entry : settings.get(ModelKeys.ENCODERS)) {
            int equals = entry.indexOf('=');
            String name = equals < 0 ? "" : entry.substring(0, equals).strip();
            String folder = entry.substring(equals + 1).strip();
            if (!name.matches("[a-z][a-z0-9_]*") || TAKEN.contains(name) || folder.isEmpty()) {
                throw wrong("name=DIR, the name of small letters, digits and '_' and none of " + TAKEN, entry);
            }
            if (folders.put(name, Path.of(folder)) != null) {
                throw wrong("each name once", entry);
            }
        }
        if (folders.size() > 100) {
            throw wrong("100 encoders at most", folders.size() + " entries");
        }
        return folders;
    }

    private static JobException wrong(String expected, String found) {
        return JobException.usage("Setting '" + ModelKeys.ENCODERS.key() + "' must be a list of " + expected
                + ": found '" + found + "'. Example: model.encoders = [\"audio=models/sound\"].");
    }
}
