package org.fednano.pretrain;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.fednano.console.StatusLine;
import org.fednano.console.StatusLine.Status;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.HfVisionSpec;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.image.ImagePreprocessor;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.prompt.PromptStyle;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.PretrainKeys;
import org.fednano.settings.Settings;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.vision.VisionTower;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;

/**
 * Trains the small model from random weights: every answer token is predicted from picture and question. With the same
 * samples, settings and threads the weights come out the same, bit for bit.
 */
final class Training {

    private static final int SECONDS_BETWEEN_LINES = 15;
    private static final int CHECKS = 10;

    /** Peak of a cycle's step size over that of the cycle before: high enough to move on, too low to forget. */
    private static final double LATER_PEAK = 0.7;

    private static final int CHECKED_SAMPLES = 1024;

    private final Settings settings;
    private final Consumer<String> progress;
    private final WordPieceVocabulary vocabulary;
    private final VisionConfig visionConfig;
    private final LlamaConfig llamaConfig;
    private final int imageToken;
    private final ImagePreprocessor preprocessor;

    /**
     * @param texts what the vocabulary's words come from
     */
    Training(Settings settings, Collection<Sample> texts, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
        String template = template(settings).replaceAll("\\{[a-z]+}", " ");
        vocabulary = WordPieceVocabulary.of(() -> Stream.concat(
                        Stream.of(template),
                        texts.stream()
                                .flatMap(s -> Stream.concat(
                                        Stream.of(s.question(), s.context(), s.answer()), s.choices().stream())))
                .iterator());
        JsonNode config = HfModelFolder.json(NanoLlava.configJson(vocabulary), Path.of("config.json"));
        visionConfig = VisionConfig.of(config);
        llamaConfig = LlamaConfig.of(config);
        imageToken = llamaConfig.imageToken();
        preprocessor = new ImagePreprocessor(
                HfModelFolder.json(NanoLlava.preprocessorJson(), Path.of("preprocessor_config.json")),
                visionConfig.imageSize());
    }

    /** Files of the model folder besides the weights, by name. */
    Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("config.json", NanoLlava.configJson(vocabulary));
        files.put("preprocessor_config.json", NanoLlava.preprocessorJson());
        files.put("tokenizer.json", vocabulary.tokenizerJson());
        files.put("tokenizer_config.json", vocabulary.tokenizerConfigJson());
        return files;
    }

    /**
     * Trains on samples in random order, epoch by epoch.
     *
     * @param validation looked at for progress only
     * @return all tensors, in the order in which they are stored
     */
    Map<String, FloatTensor> train(List<Sample> samples, List<Sample> validation) {
        Map<String, FloatTensor> initial = NanoLlava.initial(vocabulary, settings.get(PretrainKeys.SEED));
        TrainingSet set;
        TrainingSet checked;
        StatusLine.get().doing("decoding pictures");
        try (NanoEdge edge = edge(initial)) {
            set = decode(samples, edge);
            checked = decode(validation.subList(0, Math.min(CHECKED_SAMPLES, validation.size())), edge);
        }
        try (NamedTensors weights = new NamedTensors(TensorSource.of(initial), initial.keySet())) {
            TrainingStep step = new TrainingStep(
                    weights,
                    new VisionTower(visionConfig, weights),
                    new LlamaDecoder(llamaConfig, weights),
                    preprocessor,
                    visionConfig.imageTokens(),
                    settings.get(PretrainKeys.QUESTION_WEIGHT));
            loop(weights, step, set, checked, validation);
            Map<String, FloatTensor> trained = new LinkedHashMap<>();
            for (Map.Entry<String, NDArray> e : weights.all().entrySet()) {
                trained.put(
                        e.getKey(),
                        new FloatTensor(
                                e.getValue().toFloatArray(),
                                e.getValue().getShape().getShape()));
            }
            return trained;
        }
    }

    /** A model that is still to be made has no chat template. */
    static String template(Settings settings) {
        String template = settings.get(ModelKeys.PROMPT);
        return template.equals(PromptStyle.AUTO) ? PromptStyle.DEFAULT : template;
    }

    /** The client's frozen part with untrained weights: prompts are made by the code that makes them later. */
    private NanoEdge edge(Map<String, FloatTensor> initial) {
        Map<String, String> files = files();
        return new NanoEdge(
                new NanoEdgeSpec(
                        files.get("config.json"),
                        files.get("tokenizer.json"),
                        PromptStyle.plain(template(settings)),
                        settings.get(ModelKeys.MAX_PROMPT_TOKENS),
                        1,
                        List.of(new HfVisionSpec(
                                files.get("config.json"), files.get("preprocessor_config.json"), "untrained"))),
                Map.of(
                        Medium.IMAGE,
                        new EncoderSource(VisionTensors.of(visionConfig, TensorSource.of(initial)), null)));
    }

    private TrainingSet decode(List<Sample> samples, NanoEdge edge) {
        TrainingSet set = new TrainingSet();
        samples.forEach(s -> set.add(s, edge, preprocessor, imageToken));
        return set;
    }

    private void loop(
            NamedTensors weights, TrainingStep step, TrainingSet set, TrainingSet checked, List<Sample> validation) {
        int batch = Math.min(settings.get(PretrainKeys.BATCH), set.size());
        int cycles = settings.get(PretrainKeys.CYCLES);
        int steps = Math.max(1, settings.get(PretrainKeys.SAMPLES) / cycles / batch);
        for (int cycle = 0; cycle < cycles; cycle++) {
            String title = cycles == 1 ? "" : "cycle " + (cycle + 1) + " of " + cycles + " · ";
            cycle(weights, step, set, new Schedule(cycle, steps, batch, title), checked, validation);
        }
    }

    /** One way of the step size up and down, with fresh optimiser state and a random order of its own. */
    private record Schedule(int cycle, int steps, int batch, String title) {}

    private void cycle(
            NamedTensors weights,
            TrainingStep step,
            TrainingSet set,
            Schedule schedule,
            TrainingSet checked,
            List<Sample> validation) {
        int steps = schedule.steps;
        int batch = schedule.batch;
        long seed = settings.get(PretrainKeys.SEED) + 7919L * schedule.cycle;
        AdamW optimizer = new AdamW(weights);
        int[] order = new int[set.size()];
        int at = order.length;
        int epoch = 0;
        double lossSum = 0;
        int lossCount = 0;
        long lastLine = System.nanoTime();
        int lastLineSteps = 0;
        AtomicInteger done = new AtomicInteger();
        StatusLine.get()
                .doing(() -> new Status("pretraining", ": " + schedule.title + done + " of " + steps + " steps done"));
        for (int s = 0; s < steps; s++) {
            if (at + batch > order.length) {
                order = shuffled(set.size(), seed, epoch++);
                at = 0;
            }
            float loss = step.backward(set, Arrays.copyOfRange(order, at, at + batch));
            float norm = optimizer.update(rate(schedule, s));
            requireFinite(loss, norm, s);
            done.set(s + 1);
            at += batch;
            lossSum += loss;
            lossCount++;
            long now = System.nanoTime();
            boolean check = (s + 1) % Math.max(1, steps / CHECKS) == 0;
            if (now - lastLine > SECONDS_BETWEEN_LINES * 1_000_000_000L || check || s + 1 == steps) {
                double perSecond = (s + 1 - lastLineSteps) * batch / ((now - lastLine) / 1e9);
                progress.accept(String.format(
                        Locale.ROOT,
                        "%sstep %d of %d · epoch %d · loss %.4f · %.0f samples/s · %.0f s left",
                        schedule.title,
                        s + 1,
                        steps,
                        epoch,
                        lossSum / lossCount,
                        perSecond,
                        (steps - s - 1) * batch / perSecond));
                if (check && checked.size() > 0) {
                    progress.accept("  held out: " + accuracy(step, checked, validation));
                }
                lossSum = 0;
                lossCount = 0;
                lastLine = System.nanoTime();
                lastLineSteps = s + 1;
            }
        }
    }

    /** A model that once met NaN is lost; going on would only waste time and end in a useless folder. */
    private void requireFinite(float loss, float norm, int step) {
        if (!Float.isFinite(loss) || !Float.isFinite(norm)) {
            throw new JobException(
                    ExitStatus.FAILED,
                    "Loss and gradient norm must stay finite: got " + loss + " and " + norm + " at step " + (step + 1)
                            + ". Nothing was written. Lower pretrain.learning_rate (now "
                            + settings.get(PretrainKeys.LEARNING_RATE) + ") or change pretrain.seed.");
        }
    }

    /** Step size: linear warm-up over the first twentieth, then a cosine down to a fiftieth; later cycles peak lower. */
    private double rate(Schedule schedule, int step) {
        double peak = settings.get(PretrainKeys.LEARNING_RATE) * Math.pow(LATER_PEAK, schedule.cycle);
        int warmUp = Math.max(1, schedule.steps / 20);
        if (step < warmUp) {
            return peak * (step + 1) / warmUp;
        }
        double done = (double) (step - warmUp) / Math.max(1, schedule.steps - warmUp);
        return peak * (0.02 + 0.98 * 0.5 * (1 + Math.cos(Math.PI * done)));
    }

    private static int[] shuffled(int size, long seed, int epoch) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003L + epoch);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private String accuracy(TrainingStep step, TrainingSet checked, List<Sample> validation) {
        Map<String, int[]> bySkill = new TreeMap<>();
        int batch = 128;
        for (int from = 0; from < checked.size(); from += batch) {
            int first = from;
            int[] indices = java.util.stream.IntStream.range(from, Math.min(from + batch, checked.size()))
                    .toArray();
            boolean[] right = step.right(checked, indices);
            for (int i = 0; i < right.length; i++) {
                int[] counts = bySkill.computeIfAbsent(validation.get(first + i).category(), k -> new int[2]);
                counts[0] += right[i] ? 1 : 0;
                counts[1]++;
            }
        }
        StringBuilder text = new StringBuilder();
        int all = bySkill.values().stream().mapToInt(c -> c[0]).sum();
        text.append(String.format(Locale.ROOT, "all %.1f %%", 100.0 * all / checked.size()));
        bySkill.forEach(
                (skill, c) -> text.append(String.format(Locale.ROOT, " · %s %.0f", skill, 100.0 * c[0] / c[1])));
        return text.toString();
    }
}
