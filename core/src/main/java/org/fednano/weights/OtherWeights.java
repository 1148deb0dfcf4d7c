package org.fednano.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.fednano.settings.JobException;

/** Weights in formats that are not read: recognised, so that the way to convert them can be told. */
public final class OtherWeights {

    private static final String GGUF = ".gguf";
    private static final List<String> PICKLED = List.of(".bin", ".bin.index.json", ".pth", ".pt", ".ckpt");

    private OtherWeights() {}

    /**
     * Refuses a model that is only there in another format; a folder that has safetensors, or no weights at all, passes.
     *
     * @param path a model folder, or a file that was named instead of one
     * @throws JobException with status 3 and the way to convert it
     */
    public static void refuse(Path path) {
        if (Files.isDirectory(path)) {
            List<String> files = files(path);
            if (files.contains(WeightFiles.SINGLE) || files.contains(WeightFiles.INDEX)) {
                return;
            }
            files.stream().filter(OtherWeights::isGguf).findFirst().ifPresent(file -> {
                throw gguf(path, file);
            });
            files.stream().filter(OtherWeights::isPickled).findFirst().ifPresent(file -> {
                throw pickled(path, file);
            });
            files.stream()
                    .filter(file -> file.endsWith(".safetensors"))
                    .findFirst()
                    .ifPresent(file -> {
                        throw unlisted(path, file);
                    });
        } else if (Files.isRegularFile(path)) {
            String file = path.getFileName().toString();
            if (isGguf(file)) {
                throw gguf(path.toAbsolutePath().getParent(), file);
            }
            if (isPickled(file) || file.endsWith(".safetensors")) {
                throw JobException.badInput("A model folder expected: found the file " + path
                        + ". Name its folder, which holds config.json, model.safetensors, tokenizer.json and, for"
                        + " pictures, preprocessor_config.json or processor_config.json.");
            }
        }
    }

    private static List<String> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw JobException.badInput("Model folder " + folder + " cannot be listed: " + e.getMessage(), e);
        }
    }

    private static boolean isGguf(String file) {
        return file.toLowerCase(Locale.ROOT).endsWith(GGUF);
    }

    /** What {@code torch.save} wrote; folders of published models hold training state and the like beside it. */
    private static boolean isPickled(String file) {
        return file.matches("(pytorch_model|model|consolidated|adapter_model).*")
                && PICKLED.stream().anyMatch(file::endsWith);
    }

    private static JobException gguf(Path folder, String file) {
        String from = ".from_pretrained('" + folder + "', gguf_file='" + file + "').save_pretrained(NEW)";
        return JobException.badInput("Weights in safetensors expected in " + folder + ": found the GGUF file " + file
                + ", which is not read. Convert it once with transformers: AutoModelForCausalLM" + from
                + "; AutoTokenizer" + from + ". Tokenizers made from GGUF can be wrong in start token, end token and"
                + " digits: compare the ids of a few texts with the original model's, or take its tokenizer files.");
    }

    private static JobException pickled(Path folder, String file) {
        return JobException.badInput("Weights in safetensors expected in " + folder + ": found only " + file
                + ", which is not read. Convert it once with transformers: AutoModelForCausalLM (for a LLaVA"
                + " LlavaForConditionalGeneration).from_pretrained('" + folder
                + "').save_pretrained(NEW), and copy tokenizer"
                + " and processor files from " + folder + " to NEW.");
    }

    private static JobException unlisted(Path folder, String file) {
        return JobException.badInput(
                "Weights expected in " + folder + " as " + WeightFiles.SINGLE + ", or in shards that "
                        + WeightFiles.INDEX + " lists: found only " + file + ". Copy the missing file of the model.");
    }
}
