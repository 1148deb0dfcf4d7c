package org.fednano.align;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.fednano.console.StatusLine;
import org.fednano.encoder.ModalityEncoder;
import org.fednano.encoder.TorchScriptSpec;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.encoder.connector.FeatureScale;
import org.fednano.llm.FrozenLlm;
import org.fednano.run.JobSession;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.fednano.shards.SharedShards;
import org.fednano.tensor.TensorEngine;
import org.fednano.weights.HfModelFolder;

/** {@code fednano align} from settings to folder. */
public final class Aligner implements AutoCloseable {

    /** What the training's bytes follow from, besides data, encoder and LLM. */
    private static final List<Setting<?>> PINNED = List.of(
            AlignKeys.CLIENTS,
            AlignKeys.MODALITY,
            AlignKeys.CONNECTOR,
            AlignKeys.INNER,
            AlignKeys.START,
            AlignKeys.RIDGE,
            AlignKeys.STEPS,
            AlignKeys.BATCH,
            AlignKeys.LEARNING_RATE,
            AlignKeys.WARMUP,
            AlignKeys.WEIGHT_DECAY,
            AlignKeys.MAX_NORM,
            AlignKeys.VALIDATION,
            AlignKeys.VALIDATION_SAMPLES,
            AlignKeys.CHECK_EVERY,
            AlignKeys.PATIENCE,
            AlignKeys.SEED,
            MethodKeys.GRAD_SCALE,
            ModelKeys.ENCODER_BATCH,
            ModelKeys.MAX_PROMPT_TOKENS);

    private final Settings settings;
    private final Configuration hadoop;
    private final Consumer<String> progress;
    private final Path out;
    private final int threads;
    private final SharedShards shards;
    private final List<String> clients;
    private final HfModelFolder model;
    private final Path folder;
    private final FrozenLlm llm;
    private ModalityEncoder encoder;

    /**
     * Opens all that goes in.
     *
     * @param progress takes lines for people
     * @throws JobException with status 2 if the output folder exists or a client is unknown, 3 if shards, model or encoder are
     *     not sound; as {@code OipLlm.connect} for endpoints
     */
    public Aligner(Settings settings, Configuration hadoop, Consumer<String> progress) {
        this.settings = settings;
        this.hadoop = hadoop;
        this.progress = progress;
        out = Path.of(settings.get(AlignKeys.OUT));
        if (Files.exists(out)) {
            throw JobException.usage("align.out must not exist yet: found " + out.toAbsolutePath()
                    + ". Move it away, or set align.out to another folder.");
        }
        shards = SharedShards.open(hadoop, settings.get(AlignKeys.SHARDS));
        clients = clients();
        folder = Path.of(settings.get(AlignKeys.ENCODER));
        StatusLine.get().doing("loading " + ModelKeys.folder(settings) + " and " + folder);
        model = HfModelFolder.open(ModelKeys.folder(settings));
        threads = TensorEngine.start(settings.get(ModelKeys.THREADS));
        llm = JobSession.openLlm(settings, model);
        try {
            JobSession.requireSameModel(model, llm);
            encoder = TorchScriptSpec.openModule(
                    settings.get(AlignKeys.MODALITY), folder, settings.get(ModelKeys.ENCODER_BATCH));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private List<String> clients() {
        List<String> wanted = settings.get(AlignKeys.CLIENTS);
        List<String> unknown = new ArrayList<>(wanted);
        unknown.removeAll(shards.clientIds());
        if (!unknown.isEmpty()) {
            throw JobException.usage("align.clients must name clients of " + shards.uri() + ": found " + unknown
                    + " beside " + shards.clientIds() + ". Correct the names, or leave it empty for all.");
        }
        return wanted.isEmpty() ? shards.clientIds() : List.copyOf(wanted);
    }

    /** Says what would be done. */
    public void describe() {
        ConnectorLayout layout = layout();
        long rows = shards.clients().stream()
                .filter(client -> clients.contains(client.id()))
                .mapToLong(SharedShards.Client::trainingRows)
                .sum();
        progress.accept("shards     " + shards.uri() + ": " + clients.size() + " clients, " + rows + " training rows");
        progress.accept("encoder    " + folder + ": " + encoder.tokens() + " tokens of width " + layout.width());
        progress.accept("model      " + llm.info().name() + ": H = " + layout.hidden() + ", "
                + llm.info().layers() + " layers");
        progress.accept(String.format(
                Locale.ROOT,
                "connector  %s, %,d parameters, %s start",
                settings.get(AlignKeys.CONNECTOR),
                layout.size(),
                settings.get(AlignKeys.START)));
        progress.accept("would do   at most " + settings.get(AlignKeys.STEPS) + " steps of "
                + settings.get(AlignKeys.BATCH) + " samples, into " + out);
    }

    private ConnectorLayout layout() {
        int hidden = llm.info().hidden();
        int inner = settings.get(AlignKeys.INNER);
        boolean linear = settings.get(AlignKeys.CONNECTOR).equals("linear");
        return new ConnectorLayout(encoder.hidden(), linear ? 0 : inner == 0 ? hidden : inner, hidden);
    }

    /**
     * Trains and writes the folder, or goes on where a stopped call was.
     *
     * @throws JobException with status 2 if the stopped call was of something else, 3 if a row cannot be used, 6 if another
     *     process is at it
     */
    public void run() {
        ConnectorLayout layout = layout();
        AlignPlan plan = AlignPlan.of(settings);
        try (AlignPrompts prompts = new AlignPrompts(model, settings, encoder.tokens());
                AlignState.Folder kept = new AlignState.Folder(out.resolveSibling(out.getFileName() + ".state"))) {
            Map<String, String> madeOf = madeOf(prompts);
            StatusLine.get().doing("encoding " + clients.size() + " clients");
            AlignState before = kept.load(plan.optimizer(), madeOf).orElse(null);
            try (AlignData data = AlignData.read(shards, clients, hadoop, settings, prompts, encoder)) {
                progress.accept(data.train().size() + " samples to train on, "
                        + data.held().size() + " to validate on, " + data.media() + " distinct media");
                train(layout, plan, data, kept, madeOf, before);
            }
            kept.remove();
        }
    }

    private void train(
            ConnectorLayout layout,
            AlignPlan plan,
            AlignData data,
            AlignState.Folder kept,
            Map<String, String> madeOf,
            AlignState before) {
        StatusLine.get().doing("looking for a start");
        AlignStart start = new AlignStart(layout, data, llm);
        FeatureScale scale = start.scale();
        AlignLoop loop = new AlignLoop(plan, layout, data, scale, llm, progress);
        AlignState state = before;
        if (state == null) {
            float[] theta = settings.get(AlignKeys.START).equals("ridge")
                    ? start.ridge(plan.seed(), scale, settings.get(AlignKeys.RIDGE))
                    : start.random(plan.seed());
            state = AlignState.begin(theta, plan.optimizer(), loop.validate(theta));
            progress.accept(String.format(
                    Locale.ROOT, "%s start: held-out loss %.4f", settings.get(AlignKeys.START), state.startLoss));
            kept.save(state, madeOf);
        } else {
            progress.accept("goes on behind step " + state.step);
        }
        loop.run(state, s -> kept.save(s, madeOf));
        StatusLine.get().doing("evaluating the connector");
        AlignLoop.Chosen chosen = loop.choose(state.best);
        progress.accept(String.format(
                Locale.ROOT,
                "held-out loss %.4f -> %.4f (step %d)%s",
                state.startLoss,
                state.bestLoss,
                state.bestStep,
                chosen.of() == 0 ? "" : ", " + chosen.right() + " of " + chosen.of() + " choices right"));
        String card = new AlignCard(settings, layout, llm, shards, data, state, chosen, threads).text();
        StatusLine.get().doing("writing " + out);
        AlignedFolder.write(folder, out, layout, scale.folded(layout, state.best), llm, card);
        progress.accept("encoder folder: " + out.toAbsolutePath());
    }

    private Map<String, String> madeOf(AlignPrompts prompts) {
        Map<String, String> parts = new TreeMap<>();
        PINNED.forEach(setting -> parts.put(setting.key(), String.valueOf(settings.get(setting))));
        parts.put("the shards' fingerprint", shards.fingerprint());
        parts.put("the LLM's fingerprint", llm.info().fingerprint());
        parts.put("the encoder's fingerprint", TorchScriptSpec.moduleFingerprint(encoder.modality(), folder));
        parts.put("the prompt's identity", prompts.identity());
        parts.put("threads", String.valueOf(threads));
        return parts;
    }

    @Override
    public void close() {
        if (encoder != null) {
            encoder.close();
        }
        llm.close();
    }
}
