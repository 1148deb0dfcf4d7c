package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.model.FrozenPass.Places;
import org.fednano.llm.model.LlamaDecoder.Tokens;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.tensor.ArrayOps;

/**
 * Prompts with continuations packed right behind their last real token: one answer each, or several choices side by side
 * that see the prompt and themselves but not each other, so that a prompt runs once whatever the number of choices. A
 * continuation's last token is never an input, only predicted. Padding is on the right.
 */
final class Sequences {

    private final PromptBatch prompts;
    private final int[][][] choices; // (B)(C_b)(L)
    private final int length; // S
    private final float[] embeds; // (B, S, H)
    private final int[][] positions; // (B, S)
    private final int[][] owner; // (B, S): −1 for prompt, choice index behind it, −2 on padding
    private final int[] counts; // (B): counted tokens
    private final int perSample; // P: the most of them
    private final long[] sources; // (M): row b·S + t whose hidden state predicts the counted token
    private final long[] targets; // (M): that token

    private Sequences(PromptBatch prompts, int[][][] choices, int length, Function<int[], float[]> table) {
        this.prompts = prompts;
        this.choices = choices;
        this.length = length;
        int hidden = prompts.hidden();
        embeds = new float[Math.multiplyExact(Math.multiplyExact(prompts.size(), length), hidden)];
        positions = new int[prompts.size()][length];
        owner = new int[prompts.size()][length];
        counts = new int[choices.length];
        int counted = 0;
        int most = 0;
        for (int b = 0; b < choices.length; b++) {
            for (int[] choice : choices[b]) {
                counts[b] += choice.length;
            }
            counted += counts[b];
            most = Math.max(most, counts[b]);
        }
        perSample = most;
        sources = new long[counted];
        targets = new long[counted];
        float[] inputs = table.apply(inputs(choices)); // one call: each costs as much as many rows
        int row = 0;
        int m = 0;
        for (int b = 0; b < prompts.size(); b++) {
            int real = prompts.lengths()[b];
            System.arraycopy(
                    prompts.embeds(), b * prompts.tokens() * hidden, embeds, b * length * hidden, real * hidden);
            Arrays.fill(owner[b], -2);
            Arrays.fill(owner[b], 0, real, -1);
            for (int t = 0; t < real; t++) {
                positions[b][t] = t;
            }
            int at = real;
            for (int c = 0; c < choices[b].length; c++) {
                int[] ids = choices[b][c];
                System.arraycopy(inputs, row * hidden, embeds, (b * length + at) * hidden, (ids.length - 1) * hidden);
                row += ids.length - 1;
                for (int j = 0; j < ids.length; j++, m++) {
                    sources[m] = (long) b * length + (j == 0 ? real - 1 : at + j - 1);
                    targets[m] = ids[j];
                    if (j + 1 < ids.length) {
                        positions[b][at + j] = real + j;
                        owner[b][at + j] = c;
                    }
                }
                at += ids.length - 1;
            }
        }
    }

    /** All ids of the choices but each one's last, which is only predicted. */
    private static int[] inputs(int[][][] choices) {
        int count = 0;
        for (int[][] sample : choices) {
            for (int[] ids : sample) {
                count += ids.length - 1;
            }
        }
        int[] inputs = new int[count];
        int at = 0;
        for (int[][] sample : choices) {
            for (int[] ids : sample) {
                System.arraycopy(ids, 0, inputs, at, ids.length - 1);
                at += ids.length - 1;
            }
        }
        return inputs;
    }

    static Sequences ofAnswers(
            PromptBatch prompts, TokenBatch answers, RequestChecks checks, Function<int[], float[]> table) {
        checks.answers(prompts, answers);
        int[][][] one = new int[answers.size()][1][];
        for (int b = 0; b < one.length; b++) {
            int from = b * answers.length();
            one[b][0] = Arrays.copyOfRange(answers.ids(), from, from + answers.count(b));
        }
        return of(prompts, one, checks, table);
    }

    static Sequences ofChoices(
            PromptBatch prompts, int[][][] choices, RequestChecks checks, Function<int[], float[]> table) {
        checks.choices(prompts, choices);
        return of(prompts, choices, checks, table);
    }

    private static Sequences of(
            PromptBatch prompts, int[][][] choices, RequestChecks checks, Function<int[], float[]> table) {
        int length = 1;
        int extra = 0;
        for (int b = 0; b < choices.length; b++) {
            int inputs = 0;
            for (int[] choice : choices[b]) {
                inputs += choice.length - 1;
            }
            extra = Math.max(extra, inputs);
            length = Math.max(length, prompts.lengths()[b] + inputs);
        }
        checks.prompts(prompts, extra);
        return new Sequences(prompts, choices, length, table);
    }

    /** (B, S, H). */
    NDArray embeds(NDManager manager) {
        return manager.create(embeds, new Shape(prompts.size(), length, prompts.hidden()));
    }

    /** All tokens where each sample is a single row of tokens: every one sees what is before it. */
    Tokens causal(NDManager manager, int window) {
        return new Tokens(new int[][] {range(length)}, LlamaDecoder.causalMask(manager, length, window));
    }

    /**
     * All tokens, where a token sees the prompt and its own choice, backwards; padding sees itself.
     *
     * @param window how many positions it sees at most, its own among them; 0: all
     */
    Tokens ownChoice(NDManager manager, int window) {
        float[] mask = new float[prompts.size() * length * length];
        for (int b = 0; b < prompts.size(); b++) {
            for (int t = 0; t < length; t++) {
                see(b, t, window, mask, (b * length + t) * length);
            }
        }
        return new Tokens(positions, manager.create(mask, new Shape(prompts.size(), length, length)));
    }

    /** The tokens whose states predict counted ones; samples that have fewer than others repeat their first. */
    Places places(NDManager manager, int window) {
        int[][] at = new int[prompts.size()][perSample];
        long[] rows = new long[prompts.size() * perSample];
        float[] mask = new float[rows.length * length];
        int m = 0;
        for (int b = 0; b < at.length; b++) {
            int first = m;
            for (int p = 0; p < perSample; p++) {
                boolean own = p < counts[b];
                long row = sources[own ? m++ : first];
                int t = (int) (row - (long) b * length);
                int place = b * perSample + p;
                rows[place] = row;
                at[b][p] = positions[b][t];
                see(b, t, window, mask, place * length);
            }
        }
        NDArray seen = manager.create(mask, new Shape(prompts.size(), perSample, length));
        return new Places(rows, counts, new Tokens(at, seen));
    }

    /**
     * States at the counted tokens' places.
     *
     * @param hidden (B, P, H)
     * @return (M, H)
     */
    NDArray counted(NDArray hidden) {
        NDArray rows = hidden.reshape(-1, prompts.hidden());
        if (sources.length == counts.length * perSample) {
            return rows;
        }
        long[] counted = new long[sources.length];
        int m = 0;
        for (int b = 0; b < counts.length; b++) {
            for (int p = 0; p < counts[b]; p++) {
                counted[m++] = (long) b * perSample + p;
            }
        }
        return ArrayOps.rows(rows, hidden.getManager().create(counted));
    }

    /** The other way: (M, H) to (B, P, H), zeros where a place does not count. */
    NDArray places(NDArray counted) {
        Shape shape = new Shape(counts.length, perSample, prompts.hidden());
        if (sources.length == counts.length * perSample) {
            return counted.reshape(shape);
        }
        NDManager manager = counted.getManager();
        long[] from = new long[counts.length * perSample];
        Arrays.fill(from, sources.length); // the row of zeros
        long m = 0;
        for (int b = 0; b < counts.length; b++) {
            for (int p = 0; p < counts[b]; p++) {
                from[b * perSample + p] = m++;
            }
        }
        NDArray rows = ArrayOps.concat(0, counted, manager.zeros(new Shape(1, prompts.hidden())));
        return ArrayOps.rows(rows, manager.create(from)).reshape(shape);
    }

    private void see(int b, int t, int window, float[] mask, int row) {
        Arrays.fill(mask, row, row + length, Float.NEGATIVE_INFINITY);
        mask[row + t] = 0;
        for (int s = 0; s < t; s++) {
            boolean own = owner[b][s] == -1 || owner[b][s] == owner[b][t];
            if (own && !LlamaDecoder.beyond(window, positions[b][t], positions[b][s])) {
                mask[row + s] = 0;
            }
        }
    }

    /** (M): the counted tokens. */
    long[] targets() {
        return targets;
    }

    /** (M): {@code scale} over the number of tokens of each token's own continuation. */
    float[] meanWeights(float scale) {
        float[] weights = new float[targets.length];
        int m = 0;
        for (int[][] sample : choices) {
            for (int[] choice : sample) {
                Arrays.fill(weights, m, m + choice.length, scale / choice.length);
                m += choice.length;
            }
        }
        return weights;
    }

    /** Gradient (B, S, H) to (B, T, H): prompt rows only, zero on padding. */
    float[] promptRows(float[] gradient) {
        int hidden = prompts.hidden();
        float[] rows = new float[prompts.embeds().length];
        for (int b = 0; b < prompts.size(); b++) {
            System.arraycopy(
                    gradient, b * length * hidden, rows, b * prompts.tokens() * hidden, prompts.lengths()[b] * hidden);
        }
        return rows;
    }

    /** Mean losses of single answers. */
    Result result(float[] logLikelihood, float[] gradient) {
        Scores scores = scores(logLikelihood);
        float[] loss = new float[prompts.size()];
        int[] tokens = new int[prompts.size()];
        for (int b = 0; b < loss.length; b++) {
            tokens[b] = scores.tokens()[b][0];
            loss[b] = (float) (-scores.logLikelihood()[b][0] / tokens[b]);
        }
        return new Result(loss, tokens, gradient);
    }

    /** Sums over each choice's tokens, rounded to float32: what a caller gets does not depend on how it travels. */
    Scores scores(float[] logLikelihood) {
        double[][] sums = new double[choices.length][];
        int[][] tokens = new int[choices.length][];
        int m = 0;
        for (int b = 0; b < choices.length; b++) {
            sums[b] = new double[choices[b].length];
            tokens[b] = new int[choices[b].length];
            for (int c = 0; c < choices[b].length; c++) {
                tokens[b][c] = choices[b][c].length;
                for (int j = 0; j < tokens[b][c]; j++) {
                    sums[b][c] += logLikelihood[m++];
                }
                sums[b][c] = (float) sums[b][c];
            }
        }
        return new Scores(sums, tokens);
    }

    /** 0 to n − 1. */
    static int[] range(int n) {
        return IntStream.range(0, n).toArray();
    }
}
