package org.fednano.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.adapter.AdapterLayout;
import org.fednano.console.StatusLine;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.run.Rounds;
import org.fednano.runstore.AdapterFile;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Location;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.SparkHadoop;
import org.fednano.weights.HfModelFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano export}: the tuned adapter for other tools. Starts no Spark job. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Copies the adapter of a committed round to a new folder: adapter.safetensors (for each modality, such as image,",
            "tensors image.down (H, R) and image.up (R, H), float32) and adapter_config.json, which says how to apply it.",
            ""
        },
        footer = {"", "Example:", "  fednano export --set run.dir=work/run --out work/adapter"})
final class ExportCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder (URI) to create.")
    private String out;

    @Option(names = "--round", paramLabel = "N", description = "A committed round; default: the last one.")
    private Integer round;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Location.require("--out", out);
        Configuration hadoop = SparkHadoop.configuration();
        StatusLine.get().doing("exporting to " + out);
        RunReader run = RunReader.open(options.settings().get(RunKeys.DIR), hadoop);
        Settings settings = options.settingsOver(run.info().sets());
        AdapterFile adapter = run.adapter(Rounds.pick(run, round)).withoutState();
        Path folder = new Path(out);
        try {
            FileSystem fs = folder.getFileSystem(hadoop);
            if (fs.exists(folder)) {
                throw JobException.usage("--out expects a folder that does not exist yet: found " + folder
                        + ". Name another one, or remove it.");
            }
            // The config comes last: a folder without it is incomplete.
            write(fs, new Path(folder, "adapter.safetensors"), adapter.bytes());
            write(fs, new Path(folder, "adapter_config.json"), config(run, settings, adapter));
        } catch (IOException e) {
            throw new UncheckedIOException("Writing " + folder + ": " + e.getMessage(), e);
        }
        PrintWriter terminal = spec.commandLine().getOut();
        terminal.println("exported round " + adapter.round() + " of " + run.folder() + " to " + folder);
        terminal.flush();
        return ExitStatus.DONE.code();
    }

    private byte[] config(RunReader run, Settings settings, AdapterFile adapter) throws IOException {
        AdapterLayout layout = adapter.layout();
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.put("peft_type", "NANO_ADAPTER")
                .put("task_type", "CAUSAL_LM")
                .put("base_model_name_or_path", settings.get(ModelKeys.DIR))
                .put("base_model_fingerprint", run.info().fingerprints().llm())
                .put("encoder_fingerprint", run.info().fingerprints().encoder())
                .put("r", layout.rank())
                .put("lora_alpha", layout.alpha())
                .put("hidden_size", layout.hidden())
                .put("bias", "none")
                .put("inference_mode", true)
                .put("formula", "y = x + (lora_alpha / r) * (x @ down) @ up")
                .put("prompt_template", settings.get(ModelKeys.PROMPT))
                .put("prompt_user", settings.get(ModelKeys.PROMPT_USER))
                .put("strategy", settings.get(RunKeys.STRATEGY))
                .put("run_id", run.info().runId())
                .put("round", adapter.round())
                .put("adapter_sha256", adapter.sha256());
        encoders(root, run, settings);
        ObjectNode placement = root.putObject("placement");
        for (AdapterLayout.Modality modality : layout.modalities()) {
            placement.put(
                    modality.name(),
                    modality.name().equals(NanoEdgeSpec.TEXT)
                            ? "prompt text embeddings"
                            : "connector output, " + modality.name() + " tokens");
        }
        ObjectNode tensors = root.putObject("tensors");
        for (AdapterLayout.Tensor tensor : layout.tensors()) {
            tensors.putArray(tensor.name()).add(tensor.rows()).add(tensor.columns());
        }
        return json.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    /** The folders of {@code model.encoders}, with fingerprints as long as what lies there is what the run used. */
    private void encoders(ObjectNode root, RunReader run, Settings settings) {
        Map<String, java.nio.file.Path> folders = NanoEdgeSpec.encoderFolders(settings);
        ArrayNode list = root.putArray("encoders");
        Map<String, String> fingerprints = folders.isEmpty() ? Map.of() : fingerprints(run, settings);
        folders.forEach((modality, folder) -> list.addObject()
                .put("modality", modality)
                .put("path", folder.toString())
                .put("fingerprint", fingerprints.get(modality)));
    }

    private Map<String, String> fingerprints(RunReader run, Settings settings) {
        String why;
        try {
            HfModelFolder model = HfModelFolder.open(ModelKeys.folder(settings));
            NanoEdgeSpec edge = NanoEdgeSpec.of(model, settings);
            if (edge.fingerprint().equals(run.info().fingerprints().encoder())) {
                return edge.encoderFingerprints();
            }
            why = "model.dir or an encoder's folder has changed since the run";
        } catch (JobException e) {
            why = e.getMessage();
        }
        spec.commandLine().getErr().println("warning: the encoders' fingerprints are left out: " + why);
        return Map.of();
    }

    private static void write(FileSystem fs, Path file, byte[] bytes) throws IOException {
        try (FSDataOutputStream stream = fs.create(file, false)) {
            stream.write(bytes);
        }
    }
}
