package org.fednano.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.fednano.weights.SafeTensorsWriter;

/** Folders of small TorchScript encoders with a random linear connector, as {@code model.encoders} names them. */
public final class ScriptedEncoder {

    private ScriptedEncoder() {}

    /** Images of 8 x 8 pixels to four tokens. */
    public static Path images(Path folder, int hidden) {
        Path made = make(
                folder,
                "patches",
                5,
                hidden,
                "{\"format\": 1, \"input\": \"image\", \"image_size\": 8, \"tokens\": 4}");
        write(
                made.resolve("preprocessor_config.json"),
                "{\"size\": {\"height\": 8, \"width\": 8}, \"do_center_crop\": false}");
        return made;
    }

    /** Half a second of sound at 320 Hz to two tokens. */
    public static Path sounds(Path folder, int hidden) {
        return make(
                folder,
                "frames",
                6,
                hidden,
                "{\"format\": 1, \"input\": \"wav\", \"sampling_rate\": 320, \"seconds\": 0.5, \"tokens\": 2}");
    }

    private static Path make(Path folder, String module, int width, int hidden, String json) {
        Random random = new Random(width);
        try (InputStream script = ScriptedEncoder.class.getResourceAsStream("/encoders/" + module + ".pt")) {
            Files.createDirectories(folder);
            Files.copy(script, folder.resolve("encoder.pt"));
            write(folder.resolve("encoder.json"), json);
            SafeTensorsWriter.write(
                    folder.resolve("connector.safetensors"),
                    Map.of(
                            "linear.weight", TestTensors.normal(random, 0.3, hidden, width),
                            "linear.bias", TestTensors.normal(random, 0.3, hidden)),
                    Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder;
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
