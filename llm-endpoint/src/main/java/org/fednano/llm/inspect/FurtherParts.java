package org.fednano.llm.inspect;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.fednano.encoder.NanoEdgeSpec.Further;
import org.fednano.llm.inspect.Part.Holder;
import org.fednano.settings.JobException;
import org.fednano.weights.TensorSource;

/** An encoder of {@code model.encoders} and its connector, counted without loading them. */
final class FurtherParts {

    /** A TorchScript file is a zip archive that holds each tensor's values as a file of its own. */
    private static final Pattern TENSOR = Pattern.compile("[^/]+/(data|constants)/[0-9]+");

    private FurtherParts() {}

    static List<Part> of(Further encoder) {
        long bytes = moduleBytes(encoder);
        TensorSource connector = encoder.source().tensors();
        long values = connector.names().stream().mapToLong(connector::size).sum();
        return List.of(
                new Part(encoder.modality() + " encoder", Holder.CLIENT, bytes / Float.BYTES, bytes),
                new Part(encoder.modality() + " connector", Holder.CLIENT, values, Float.BYTES * values));
    }

    private static long moduleBytes(Further encoder) {
        try (ZipFile archive = new ZipFile(encoder.source().module().toFile())) {
            return archive.stream()
                    .filter(entry -> TENSOR.matcher(entry.getName()).matches())
                    .mapToLong(ZipEntry::getSize)
                    .sum();
        } catch (IOException e) {
            throw JobException.badInput(
                    encoder.source().module() + " must be a TorchScript file: it cannot be read (" + e.getMessage()
                            + "). Export it with torch.jit.save.",
                    e);
        }
    }
}
