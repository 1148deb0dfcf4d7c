package org.fednano.align;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.encoder.connector.ConnectorOrigin;
import org.fednano.llm.FrozenLlm;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;

/** Writes the folder that {@code model.encoders} reads: the encoder's own files, the connector, whom it is for, a card. */
final class AlignedFolder {

    private static final String CONFIG = "encoder.json";
    private static final List<String> COPIED = List.of("encoder.pt", "preprocessor_config.json");

    private AlignedFolder() {}

    /**
     * Puts the folder in place at once.
     *
     * @param theta for raw features
     * @param card text of README.md
     */
    static void write(Path encoder, Path out, ConnectorLayout layout, float[] theta, FrozenLlm llm, String card) {
        Path temporary = out.resolveSibling("." + out.getFileName() + ".tmp");
        try {
            clear(temporary);
            Files.createDirectories(temporary);
            for (String file : COPIED) {
                if (Files.exists(encoder.resolve(file))) {
                    Files.copy(encoder.resolve(file), temporary.resolve(file));
                }
            }
            Files.writeString(temporary.resolve(CONFIG), config(encoder, layout));
            SafeTensorsWriter.write(
                    temporary.resolve("connector.safetensors"), layout.tensors(theta), Map.of("format", "pt"));
            Files.writeString(
                    temporary.resolve(ConnectorOrigin.FILE),
                    ConnectorOrigin.text(
                            llm.info().name(),
                            llm.info().vocabulary(),
                            llm.info().hidden(),
                            llm::embed));
            Files.writeString(temporary.resolve("README.md"), card);
            Files.move(temporary, out, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + out + ": " + e.getMessage(), e);
        }
    }

    /** As it was, but for the activation between two layers. */
    private static String config(Path encoder, ConnectorLayout layout) throws IOException {
        Path file = encoder.resolve(CONFIG);
        String text = Files.readString(file);
        if (layout.linear()) {
            return text;
        }
        ObjectNode root = (ObjectNode) HfModelFolder.json(text, file);
        return root.put("activation", ConnectorLayout.ACTIVATION).toPrettyString() + "\n";
    }

    /** What a killed call left; it holds files only. */
    private static void clear(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
