package org.fednano.llm.check;

import java.util.Arrays;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Each operation answers, and they agree with each other. */
final class OperationChecks {

    private static final int NEW_TOKENS = 5;

    private OperationChecks() {}

    static void add(CheckRunner sheet, EndpointUnderTest s) {
        sheet.add("embed", "zeros for padding, the same row for the same id", () -> {
            int[] known = EndpointUnderTest.known(s.info());
            float[] rows = s.llm().embed(new int[] {known[0], TokenBatch.PAD, known[0]});
            int hidden = s.info().hidden();
            float[] first = Arrays.copyOf(rows, hidden);
            float[] padding = Arrays.copyOfRange(rows, hidden, 2 * hidden);
            float[] again = Arrays.copyOfRange(rows, 2 * hidden, 3 * hidden);
            boolean right = zeros(padding) && Arrays.equals(first, again) && !zeros(first);
            return new Found(right, "3 rows", "padding is not zero, or rows of one id differ, or are all zero");
        });
        sheet.add("loss", "finite, not negative, tokens counted", () -> {
            Result result = s.llm().loss(s.prompts(), s.answers());
            return new Found(
                    counted(s, result.answerTokens()) && notNegative(result.loss()),
                    Arrays.toString(result.loss()),
                    "n_tokens is " + Arrays.toString(result.answerTokens()));
        });
        sheet.near("loss_grad: its loss is that of loss", s.tolerance(), () -> {
            Result result = s.llm().lossGradient(s.prompts(), s.answers(), 1);
            return counted(s, result.answerTokens())
                    ? EndpointUnderTest.distance(
                            result.loss(),
                            s.llm().loss(s.prompts(), s.answers()).loss())
                    : Double.POSITIVE_INFINITY;
        });
        sheet.near("score: the sums are those of loss", s.tolerance(), () -> scoreAgainstLoss(s));
        sheet.add(
                "generate",
                "ids of the vocabulary, " + NEW_TOKENS + " at most, the likeliest first",
                () -> generate(s));
        sheet.near("repeated: the same call, the same answer", s.gradientTolerance(), () -> {
            float[] first = s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient();
            return EndpointUnderTest.distance(
                    s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient(), first);
        });
    }

    /** Of either sign. */
    private static boolean zeros(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean counted(EndpointUnderTest s, int[] tokens) {
        for (int b = 0; b < tokens.length; b++) {
            if (tokens[b] != s.answers().count(b)) {
                return false;
            }
        }
        return tokens.length == s.answers().size();
    }

    private static boolean notNegative(float[] losses) {
        for (float loss : losses) {
            if (!(loss >= 0)) {
                return false;
            }
        }
        return true;
    }

    /** Two choices a sample: its own answer and the next sample's. */
    private static double scoreAgainstLoss(EndpointUnderTest s) {
        int size = s.prompts().size();
        int[][] answers = new int[size][];
        for (int b = 0; b < size; b++) {
            int from = b * s.answers().length();
            answers[b] = Arrays.copyOfRange(
                    s.answers().ids(), from, from + s.answers().count(b));
        }
        int[][][] choices = new int[size][][];
        for (int b = 0; b < size; b++) {
            choices[b] = new int[][] {answers[b], answers[(b + 1) % size]};
        }
        Scores scores = s.llm().score(s.prompts(), choices);
        float[] own = new float[2 * size];
        float[] expected = new float[2 * size];
        for (int shift = 0; shift < 2; shift++) {
            int[][] asked = new int[size][];
            for (int b = 0; b < size; b++) {
                asked[b] = answers[(b + shift) % size];
            }
            Result result = s.llm().loss(s.prompts(), TokenBatch.of(Arrays.asList(asked)));
            for (int b = 0; b < size; b++) {
                if (scores.tokens()[b][shift] != asked[b].length) {
                    return Double.POSITIVE_INFINITY;
                }
                own[2 * b + shift] = (float) scores.logLikelihood()[b][shift];
                expected[2 * b + shift] = -result.loss()[b] * asked[b].length;
            }
        }
        return EndpointUnderTest.distance(own, expected);
    }

    private static Found generate(EndpointUnderTest s) {
        int[][] generated = s.llm().generate(s.prompts(), NEW_TOKENS);
        boolean right = generated.length == s.prompts().size();
        for (int b = 0; right && b < generated.length; b++) {
            right = generated[b].length <= NEW_TOKENS
                    && Arrays.stream(generated[b])
                            .allMatch(id -> id >= 0 && id < s.info().vocabulary());
            right = right && (generated[b].length == 0 || likeliest(s, b, generated[b][0]));
        }
        return new Found(
                right,
                Arrays.stream(generated).mapToInt(g -> g.length).sum() + " tokens",
                "more tokens than asked for, ids outside the vocabulary, or a first token that score finds less likely"
                        + " than another");
    }

    /** Whether a token is at least as likely, by score, as those of the probe. */
    private static boolean likeliest(EndpointUnderTest s, int sample, int token) {
        PromptBatch prompt = s.prompts().part(sample, sample + 1);
        int[] rivals = EndpointUnderTest.known(s.info());
        int[][] choices = new int[rivals.length + 1][];
        choices[0] = new int[] {token};
        for (int i = 0; i < rivals.length; i++) {
            choices[i + 1] = new int[] {rivals[i]};
        }
        double[] sums = s.llm().score(prompt, new int[][][] {choices}).logLikelihood()[0];
        double slack = s.tolerance() * Math.abs(sums[0]);
        return Arrays.stream(sums).allMatch(sum -> sum <= sums[0] + slack);
    }
}
