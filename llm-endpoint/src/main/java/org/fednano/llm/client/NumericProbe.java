package org.fednano.llm.client;

import java.util.Arrays;
import java.util.Random;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Whether an LLM's numbers are right, as far as its own answers can tell. */
public final class NumericProbe {

    /** Steps, relative to the root mean square of a sample's embeddings: 1, 1/2, 1/4, ... */
    private static final int STEPS = 10;

    private NumericProbe() {}

    /**
     * A gradient g against central finite differences m of the loss, over samples and directions; p is what the gradient
     * predicts for them.
     *
     * @param error the larger of |1 − m·p / p·p| and |1 − m·p / m·m|: a wrong sign, scale or part shows, while the noise
     *     of losses in a half type averages out
     * @param residual |m − p| / |m|: sharper, and as large as the noise
     * @param step where m was read, relative to the embeddings' root mean square
     */
    public record Slope(double error, double residual, double step) {}

    /**
     * Compares the gradient along random directions with the loss's finite differences.
     *
     * <p>The embeddings are rounded to D before they are sent, and the prediction uses the difference that was really
     * sent, so that a half type's rounding of inputs does not count. What remains is the loss's own noise, which asks for
     * large steps, and its curvature, which asks for small ones. The step is the one whose quotient agrees best with that
     * of half the step; the gradient has no say in the choice.
     *
     * @param prompts (B, T, H)
     * @param answers (B, L)
     * @param directions K, several: one alone may be nearly orthogonal to the gradient
     * @param gradScale to ask with
     * @param type D
     */
    public static Slope slope(
            FrozenLlm llm,
            PromptBatch prompts,
            TokenBatch answers,
            int directions,
            long seed,
            float gradScale,
            WireType type) {
        int size = prompts.size();
        int wide = prompts.tokens() * prompts.hidden();
        float[] x = type.rounded(prompts.embeds()); // (B, T, H)
        float[] gradient =
                llm.lossGradient(with(prompts, x, 1), answers, gradScale).gradient();
        double[][] measured = new double[STEPS][directions * size];
        double[][] predicted = new double[STEPS][directions * size];
        Random random = new Random(seed);
        TokenBatch repeated = TokenBatch.join(java.util.Collections.nCopies(2 * STEPS, answers));
        for (int k = 0; k < directions; k++) {
            float[] all = moved(prompts, x, random); // (2 STEPS, B, T, H): forth, back, half as far forth, ...
            all = type.rounded(all);
            Result losses = llm.loss(with(prompts, all, 2 * STEPS), repeated);
            for (int step = 0; step < STEPS; step++) {
                for (int b = 0; b < size; b++) {
                    int forth = 2 * step * size + b;
                    int back = forth + size;
                    double along = 0;
                    for (int i = 0; i < wide; i++) {
                        along += ((double) all[forth * wide + i] - all[back * wide + i]) * gradient[b * wide + i];
                    }
                    double width = Math.scalb(2.0, -step);
                    measured[step][k * size + b] = ((double) losses.loss()[forth] - losses.loss()[back]) / width;
                    predicted[step][k * size + b] = along / gradScale / width;
                }
            }
        }
        int best = 0;
        double agreement = Double.POSITIVE_INFINITY;
        for (int step = 0; step + 1 < STEPS; step++) {
            double distance = distance(measured[step], measured[step + 1]);
            if (distance < agreement) {
                agreement = distance;
                best = step + 1;
            }
        }
        double both = dot(measured[best], predicted[best]);
        double error = Math.max(
                Math.abs(1 - both / dot(predicted[best], predicted[best])),
                Math.abs(1 - both / dot(measured[best], measured[best])));
        return new Slope(
                Double.isFinite(error) ? error : Double.POSITIVE_INFINITY,
                distance(predicted[best], measured[best]),
                Math.scalb(1.0, -best));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Every sample moved along one random direction and against it, by every step; padding stays as it is. */
    private static float[] moved(PromptBatch prompts, float[] x, Random random) {
        int size = prompts.size();
        int wide = prompts.tokens() * prompts.hidden();
        float[] all = new float[Math.multiplyExact(2 * STEPS, x.length)];
        for (int b = 0; b < size; b++) {
            int real = prompts.lengths()[b] * prompts.hidden();
            double square = 0;
            for (int i = 0; i < real; i++) {
                square += (double) x[b * wide + i] * x[b * wide + i];
            }
            double rms = Math.sqrt(square / real);
            for (int i = 0; i < wide; i++) {
                double way = i >= real ? 0 : random.nextBoolean() ? rms : -rms;
                for (int step = 0; step < STEPS; step++) {
                    float value = x[b * wide + i];
                    all[(2 * step * size + b) * wide + i] = (float) (value + Math.scalb(way, -step));
                    all[((2 * step + 1) * size + b) * wide + i] = (float) (value - Math.scalb(way, -step));
                }
            }
        }
        return all;
    }

    private static PromptBatch with(PromptBatch prompts, float[] embeds, int times) {
        int[] lengths = new int[times * prompts.size()];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = prompts.lengths()[i % prompts.size()];
        }
        return new PromptBatch(embeds, lengths, prompts.tokens(), prompts.hidden());
    }

    /** |a − b| / |b|; infinite if b is zero or anything is not finite. */
    public static double distance(double[] a, double[] b) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            difference += (a[i] - b[i]) * (a[i] - b[i]);
            norm += b[i] * b[i];
        }
        double distance = Math.sqrt(difference / norm);
        return Double.isFinite(distance) ? distance : Double.POSITIVE_INFINITY;
    }

    /**
     * The LLM's pinned question, padded, and beside it its first half, more padded: what a wrong mask shows on.
     *
     * @return (2, T, H)
     */
    public static PromptBatch prompts(FrozenLlm llm, LlmInfo info) {
        int[] ids = info.probe().prompt();
        int padding = 3;
        int tokens = ids.length + padding;
        float[] rows = llm.embed(ids);
        float[] embeds = new float[2 * tokens * info.hidden()];
        int half = (ids.length + 1) / 2;
        System.arraycopy(rows, 0, embeds, 0, rows.length);
        System.arraycopy(rows, 0, embeds, tokens * info.hidden(), half * info.hidden());
        return new PromptBatch(embeds, new int[] {ids.length, half}, tokens, info.hidden());
    }

    /** The pinned answer for each of {@link #prompts}. */
    public static TokenBatch answers(LlmInfo info) {
        return TokenBatch.of(Arrays.asList(info.probe().answer(), info.probe().answer()));
    }
}
