package org.fednano.llm.inspect;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.fednano.adapter.AdapterLayout;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.wire.WireType;
import org.fednano.method.Methods;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fednano inspect}: a model split between client and server, in parameters and bytes. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Says what of a model a client holds and what the server holds, in parameters and bytes, and what a"
                    + " federation over it sends: adapters, Fisher diagonals, activations. Needs no weights: a"
                    + " config.json is enough. Reads configs in Hugging Face layout and those of LLaVA's authors.",
            "",
            "Adapter, strategy, epochs and rounds come from the settings.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano inspect",
            "  fednano inspect llava-1.5-7b/config.json --set adapter.rank=64 --activations BF16",
            "  fednano inspect /models/llava --conf conf/runs/demo.conf --clients 5 --samples 400 --json"
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "2:wrong usage or settings", "3:a model or config that cannot be read"})
public final class InspectCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description = "A model folder or a config.json (default: model.dir of the settings).")
    private Path model;

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--clients",
            paramLabel = "N",
            description = "Clients of a round (default: run.clients_per_round, or 10 where that is 0).")
    private Integer clients;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Training samples of a client (default: ${DEFAULT-VALUE}).")
    private int samples;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Pictures of a sample; of each further modality it has one medium (default: ${DEFAULT-VALUE}).")
    private int images;

    @Option(
            names = "--text-tokens",
            paramLabel = "N",
            defaultValue = "96",
            description = "Text tokens of a prompt (default: ${DEFAULT-VALUE}).")
    private int textTokens;

    @Option(
            names = "--answer-tokens",
            paramLabel = "N",
            defaultValue = "4",
            description = "Tokens of an answer (default: ${DEFAULT-VALUE}).")
    private int answerTokens;

    @Option(
            names = "--activations",
            paramLabel = "TYPE",
            defaultValue = "FP32",
            description = "How embeddings travel to the endpoint: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE},"
                    + " which the embedded endpoint takes).")
    private WireType activations;

    @Option(names = "--json", description = "Print one JSON object instead of the table.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Settings settings = options.settings();
        requireCounts();
        SplitModel split =
                SplitModel.of(model == null ? ModelKeys.folder(settings) : model, NanoEdgeSpec.further(settings));
        AdapterLayout layout = AdapterLayout.of(
                settings.get(MethodKeys.MODALITIES),
                split.modalities(),
                split.hidden(),
                settings.get(MethodKeys.RANK),
                settings.get(MethodKeys.ALPHA));
        Inspection inspection = Inspection.of(split, layout, load(settings, split));
        split.warnings().forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
        var out = spec.commandLine().getOut();
        out.print(json ? inspection.json() : InspectionTable.of(inspection));
        out.flush();
        return ExitStatus.DONE.code();
    }

    private Traffic.Load load(Settings settings, SplitModel split) {
        int cohort = settings.get(RunKeys.COHORT);
        return new Traffic.Load(
                settings.get(RunKeys.STRATEGY),
                Methods.of(settings).client(settings),
                settings.get(MethodKeys.EPOCHS),
                settings.get(RunKeys.ROUNDS),
                clients != null ? clients : cohort == 0 ? 10 : cohort,
                samples,
                promptTokens(split),
                answerTokens,
                activations,
                settings.get(MethodKeys.BATCH));
    }

    private int promptTokens(SplitModel split) {
        int further =
                split.tokens().values().stream().mapToInt(Integer::intValue).sum() - split.imageTokens();
        return Math.addExact(Math.multiplyExact(images, split.imageTokens()), further + textTokens);
    }

    private void requireCounts() {
        if (clients != null && clients < 1 || samples < 1 || images < 0 || textTokens < 1 || answerTokens < 1) {
            throw JobException.usage("--clients, --samples, --text-tokens and --answer-tokens must be 1 or more and"
                    + " --images 0 or more: found " + clients + ", " + samples + ", " + textTokens + ", " + answerTokens
                    + " and " + images + ".");
        }
    }
}
