package org.fednano.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.fednano.algorithm.LossGradient;
import org.fednano.console.StatusLine;
import org.fednano.console.StatusLine.Status;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.encoder.connector.ConnectorPass;
import org.fednano.encoder.connector.FeatureScale;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.random.Seeds;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/**
 * The training itself: connector forward, the frozen LLM's loss and gradient, connector backward, one step. Every step's batch
 * follows from the seed and the step's number, so a training that is continued makes the same steps.
 */
final class AlignLoop {

    private static final long NANOS_BETWEEN_LINES = 15_000_000_000L;

    private final AlignPlan plan;
    private final AlignData data;
    private final FeatureScale scale;
    private final FrozenLlm llm;
    private final ConnectorPass pass;
    private final AlignBatch.TextRows text;
    private final Consumer<String> progress;

    /** @param progress takes lines for people */
    AlignLoop(
            AlignPlan plan,
            ConnectorLayout layout,
            AlignData data,
            FeatureScale scale,
            FrozenLlm llm,
            Consumer<String> progress) {
        this.plan = plan;
        this.data = data;
        this.scale = scale;
        this.llm = llm;
        this.progress = progress;
        pass = new ConnectorPass(layout);
        text = new AlignBatch.TextRows(llm::embed, layout.hidden());
    }

    /**
     * Trains to the last step, or until validations say that it is enough.
     *
     * @param keep takes the state after each validation
     */
    void run(AlignState state, Consumer<AlignState> keep) {
        long began = System.nanoTime();
        double before = state.seconds;
        long lastLine = began;
        int from = state.step;
        double lossSum = 0;
        int lossCount = 0;
        AtomicInteger done = new AtomicInteger(from);
        StatusLine.get().doing(() -> new Status("aligning", ": " + done + " of " + plan.steps() + " steps done"));
        while (state.step < plan.steps() && (plan.patience() == 0 || state.worse < plan.patience())) {
            lossSum += step(state, AlignBatch.of(drawn(state.step), data, scale, text));
            done.set(state.step);
            lossCount++;
            long now = System.nanoTime();
            state.seconds = before + (now - began) / 1e9;
            boolean check = state.step % plan.checkEvery() == 0 || state.step == plan.steps();
            if (check || now - lastLine > NANOS_BETWEEN_LINES) {
                double perSecond = (state.step - from) / ((now - began) / 1e9);
                progress.accept(String.format(
                        Locale.ROOT,
                        "step %d of %d · loss %.4f · %.1f samples/s · %.0f s left",
                        state.step,
                        plan.steps(),
                        lossSum / lossCount,
                        perSecond * plan.batch(),
                        (plan.steps() - state.step) / perSecond));
                lossSum = 0;
                lossCount = 0;
                lastLine = now;
            }
            if (check) {
                double loss = validate(state.theta);
                state.validated(loss);
                progress.accept(String.format(
                        Locale.ROOT,
                        "  held out: loss %.4f%s",
                        loss,
                        state.worse == 0 ? ", the lowest so far" : "; the lowest was " + rounded(state)));
                keep.accept(state);
            }
        }
        if (state.step < plan.steps()) {
            progress.accept("ends early: " + state.worse + " validations without a lower loss");
        }
    }

    private static String rounded(AlignState state) {
        return String.format(Locale.ROOT, "%.4f at step %d", state.bestLoss, state.bestStep);
    }

    /** One step; answers the batch's mean loss before it. */
    double step(AlignState state, AlignBatch batch) {
        float[] connected = pass.forward(state.theta, batch.features());
        LossGradient.Result result = llm.lossGradient(batch.prompts(connected), batch.answers(), plan.gradScale());
        double factor = 1 / ((double) plan.gradScale() * batch.size());
        float[] gradient = pass.backward(state.theta, batch.features(), batch.connected(result.gradient(), factor));
        double loss = mean(result.loss());
        clip(gradient, loss, state.step);
        state.optimizer.step(state.theta, gradient, plan.stepSize().at(state.step));
        state.step++;
        return loss;
    }

    /** As PyTorch's {@code clip_grad_norm_}. A model that once met NaN is lost, so it is not stepped on. */
    private void clip(float[] gradient, double loss, int step) {
        double square = 0;
        for (float g : gradient) {
            square += (double) g * g;
        }
        double norm = Math.sqrt(square);
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new JobException(
                    ExitStatus.FAILED,
                    "Loss and gradient norm must stay finite: found " + loss + " and " + norm + " at step " + (step + 1)
                            + ". Lower " + AlignKeys.LEARNING_RATE.key()
                            + ", remove the state folder and begin again.");
        }
        double factor = Math.min(1, plan.maxNorm() / (norm + 1e-6));
        for (int i = 0; factor < 1 && i < gradient.length; i++) {
            gradient[i] = (float) (gradient[i] * factor);
        }
    }

    /** The samples of a step: whole batches of an order that is new in every epoch. */
    private List<AlignSample> drawn(int step) {
        List<AlignSample> all = data.train();
        int batch = Math.min(plan.batch(), all.size());
        int perEpoch = all.size() / batch;
        int[] order = IntStream.range(0, all.size()).toArray();
        Seeds.shuffle(order, new Random(Seeds.mix(plan.seed(), step / perEpoch, "align")));
        int from = step % perEpoch * batch;
        return Arrays.stream(order, from, from + batch).mapToObj(all::get).toList();
    }

    /** Mean loss of the held-out samples. */
    double validate(float[] theta) {
        double sum = 0;
        for (List<AlignSample> samples : parts(data.held())) {
            AlignBatch batch = AlignBatch.of(samples, data, scale, text);
            float[] connected = pass.forward(theta, batch.features());
            for (float loss :
                    llm.loss(batch.prompts(connected), batch.answers()).loss()) {
                sum += loss;
            }
        }
        return sum / data.held().size();
    }

    /**
     * Held-out samples with choices that are answered right.
     *
     * @param right among {@code of}
     */
    record Chosen(int right, int of) {}

    Chosen choose(float[] theta) {
        List<AlignSample> asked =
                data.held().stream().filter(s -> s.choices().length > 0).toList();
        int right = 0;
        for (List<AlignSample> samples : parts(asked)) {
            AlignBatch batch = AlignBatch.of(samples, data, scale, text);
            Scores scores = llm.score(
                    batch.prompts(pass.forward(theta, batch.features())),
                    samples.stream().map(AlignSample::choices).toArray(int[][][]::new));
            for (int b = 0; b < samples.size(); b++) {
                right += scores.best(b) == samples.get(b).answerIndex() ? 1 : 0;
            }
        }
        return new Chosen(right, asked.size());
    }

    private List<List<AlignSample>> parts(List<AlignSample> samples) {
        List<List<AlignSample>> parts = new ArrayList<>();
        for (int from = 0; from < samples.size(); from += plan.batch()) {
            parts.add(samples.subList(from, Math.min(from + plan.batch(), samples.size())));
        }
        return parts;
    }

    private static double mean(float[] losses) {
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }
}
