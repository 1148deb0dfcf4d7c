package org.fednano.llm.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.llm.client.NumericProbe;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** The numbers are right as far as the endpoint's own answers can tell. */
final class NumberChecks {

    private static final int DIRECTIONS = 8;
    private static final long SEED = 4;
    private static final int PADDING = 6;

    private NumberChecks() {}

    static void add(CheckRunner sheet, EndpointUnderTest s) {
        gradient(sheet, s);
        padding(sheet, s);
        batches(sheet, s);
        mask(sheet, s);
    }

    private static void gradient(CheckRunner sheet, EndpointUnderTest s) {
        boolean full = s.type() == WireType.FP32 && s.info().dtype().equals("FP32");
        double limit = full ? 0.05 : 0.2;
        sheet.add("gradient: finite differences", "off by at most " + CheckRunner.text("%.0f %%", 100 * limit), () -> {
            NumericProbe.Slope slope =
                    NumericProbe.slope(s.llm(), s.prompts(), s.answers(), DIRECTIONS, SEED, 1, s.type());
            double off = full ? Math.max(slope.error(), slope.residual()) : slope.error();
            return new Found(
                    off <= limit,
                    CheckRunner.text("%.3g %%", 100 * off),
                    "about 200 %: the sign is wrong; else a scale, a mask, or the mean over answer tokens");
        });
        sheet.near("grad_scale: multiplies the gradient", s.gradientTolerance(), () -> {
            float[] plain = s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient();
            double most = 0;
            for (float scale : new float[] {0.25f, 16, 4096}) {
                Result scaled = s.llm().lossGradient(s.prompts(), s.answers(), scale);
                float[] back = scaled.gradient().clone();
                for (int i = 0; i < back.length; i++) {
                    back[i] /= scale;
                }
                most = Math.max(most, EndpointUnderTest.distance(back, plain));
            }
            return most;
        });
    }

    private static void padding(CheckRunner sheet, EndpointUnderTest s) {
        PromptBatch wide = wider(s.prompts(), PADDING);
        sheet.add("padding: its gradient is zero", "0", () -> {
            float[] gradient = s.llm().lossGradient(wide, s.answers(), 1024).gradient();
            float most = 0;
            for (int i = 0; i < gradient.length; i++) {
                int token = i / wide.hidden();
                if (token % wide.tokens() >= wide.lengths()[token / wide.tokens()]) {
                    most = Math.max(most, Math.abs(gradient[i]));
                }
            }
            return Found.of(most == 0, CheckRunner.text("%.2g", most));
        });
        sheet.near(
                "padding: more of it changes no loss",
                s.tolerance(),
                () -> EndpointUnderTest.distance(
                        s.llm().loss(wide, s.answers()).loss(),
                        s.llm().loss(s.prompts(), s.answers()).loss()));
        sheet.near(
                "padding: more of it changes no gradient",
                s.gradientTolerance(),
                () -> EndpointUnderTest.distance(
                        narrower(s.llm().lossGradient(wide, s.answers(), 1).gradient(), wide, s.prompts()),
                        s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient()));
        sheet.near(
                "padding: more of it changes no score",
                s.tolerance(),
                () -> EndpointUnderTest.distance(
                        sums(s.llm().score(wide, choices(s))), sums(s.llm().score(s.prompts(), choices(s)))));
        sheet.add("padding: more of it changes no generated token", "the same", () -> {
            boolean same = Arrays.deepEquals(s.llm().generate(wide, 4), s.llm().generate(s.prompts(), 4));
            return Found.of(same || s.tolerance() > 1e-3, same ? "the same" : "others (half precision: allowed)");
        });
    }

    private static void batches(CheckRunner sheet, EndpointUnderTest s) {
        List<PromptBatch> alone = new ArrayList<>();
        List<TokenBatch> answers = new ArrayList<>();
        for (int b = 0; b < s.prompts().size(); b++) {
            alone.add(s.prompts().part(b, b + 1));
            answers.add(s.answers().part(b, b + 1));
        }
        sheet.near("batch: a sample's loss is its own", s.tolerance(), () -> {
            float[] losses = new float[alone.size()];
            for (int b = 0; b < losses.length; b++) {
                losses[b] = s.llm().loss(alone.get(b), answers.get(b)).loss()[0];
            }
            return EndpointUnderTest.distance(
                    s.llm().loss(s.prompts(), s.answers()).loss(), losses);
        });
        sheet.near("batch: a sample's gradient is its own", s.gradientTolerance(), () -> {
            float[] whole = s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient();
            double most = 0;
            for (int b = 0; b < alone.size(); b++) {
                PromptBatch one = alone.get(b);
                float[] own = s.llm().lossGradient(one, answers.get(b), 1).gradient();
                float[] shared = PromptBatch.resized(whole, s.prompts().tokens(), b, b + 1, one.tokens(), one.hidden());
                most = Math.max(most, EndpointUnderTest.distance(shared, own));
            }
            return most;
        });
        sheet.near("batch: a sample's scores are its own", s.tolerance(), () -> {
            int[][][] choices = choices(s);
            List<Double> own = new ArrayList<>();
            for (int b = 0; b < alone.size(); b++) {
                for (double sum :
                        s.llm().score(alone.get(b), new int[][][] {choices[b]}).logLikelihood()[0]) {
                    own.add(sum);
                }
            }
            float[] expected = new float[own.size()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = own.get(i).floatValue();
            }
            return EndpointUnderTest.distance(sums(s.llm().score(s.prompts(), choices)), expected);
        });
    }

    private static void mask(CheckRunner sheet, EndpointUnderTest s) {
        PromptBatch noisy = noisy(wider(s.prompts(), PADDING));
        sheet.near(
                "mask: what stands on padding changes no loss",
                s.tolerance(),
                () -> EndpointUnderTest.distance(
                        s.llm().loss(noisy, s.answers()).loss(),
                        s.llm().loss(s.prompts(), s.answers()).loss()));
        sheet.near(
                "mask: what stands on padding changes no gradient",
                s.gradientTolerance(),
                () -> EndpointUnderTest.distance(
                        narrower(s.llm().lossGradient(noisy, s.answers(), 1).gradient(), noisy, s.prompts()),
                        s.llm().lossGradient(s.prompts(), s.answers(), 1).gradient()));
        sheet.near("mask: a shorter one is a shorter prompt", s.tolerance(), () -> {
            int[] shorter = s.prompts().lengths().clone();
            for (int b = 0; b < shorter.length; b++) {
                shorter[b]--;
            }
            PromptBatch cut = new PromptBatch(
                    s.prompts().embeds(),
                    shorter,
                    s.prompts().tokens(),
                    s.prompts().hidden());
            float[] losses = new float[shorter.length];
            for (int b = 0; b < shorter.length; b++) {
                // part() leaves no token behind the cut, so no mask is needed.
                losses[b] = s.llm()
                        .loss(cut.part(b, b + 1), s.answers().part(b, b + 1))
                        .loss()[0];
            }
            return EndpointUnderTest.distance(s.llm().loss(cut, s.answers()).loss(), losses);
        });
    }

    private static int[][][] choices(EndpointUnderTest s) {
        int[] known = EndpointUnderTest.known(s.info());
        int[][][] choices = new int[s.prompts().size()][][];
        for (int b = 0; b < choices.length; b++) {
            // A server's probe may be as short as two tokens.
            choices[b] = new int[][] {{known[b % known.length]}, {known[(b + 1) % known.length], known[0]}};
        }
        return choices;
    }

    private static float[] sums(Scores scores) {
        List<Double> sums = new ArrayList<>();
        for (double[] sample : scores.logLikelihood()) {
            Arrays.stream(sample).forEach(sums::add);
        }
        float[] flat = new float[sums.size()];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = sums.get(i).floatValue();
        }
        return flat;
    }

    private static PromptBatch wider(PromptBatch prompts, int more) {
        int tokens = prompts.tokens() + more;
        float[] embeds =
                PromptBatch.resized(prompts.embeds(), prompts.tokens(), 0, prompts.size(), tokens, prompts.hidden());
        return new PromptBatch(embeds, prompts.lengths(), tokens, prompts.hidden());
    }

    private static float[] narrower(float[] rows, PromptBatch from, PromptBatch to) {
        return PromptBatch.resized(rows, from.tokens(), 0, from.size(), to.tokens(), from.hidden());
    }

    /** Padding filled with values as large as the tokens'. */
    private static PromptBatch noisy(PromptBatch prompts) {
        float[] embeds = prompts.embeds().clone();
        int hidden = prompts.hidden();
        double square = 0;
        for (int i = 0; i < prompts.lengths()[0] * hidden; i++) {
            square += (double) embeds[i] * embeds[i];
        }
        double rms = Math.sqrt(square / (prompts.lengths()[0] * hidden));
        Random random = new Random(SEED);
        for (int i = 0; i < embeds.length; i++) {
            int token = i / hidden;
            if (token % prompts.tokens() >= prompts.lengths()[token / prompts.tokens()]) {
                embeds[i] = (float) (rms * random.nextGaussian());
            }
        }
        return new PromptBatch(embeds, prompts.lengths(), prompts.tokens(), hidden);
    }
}
