package org.fednano.algorithm;

import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * A frozen classifier in the LLM's place: logits are a fixed readout of the mean adapted token, the answer's first token
 * is the class. Pure, sample by sample, and without padding's influence, like the real one.
 */
final class FakeLlm implements LossGradient {

    private final float[][] readout; // (C, H)

    FakeLlm(float[][] readout) {
        this.readout = readout;
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        int hidden = prompts.hidden();
        float[] loss = new float[prompts.size()];
        int[] counts = new int[prompts.size()];
        float[] gradient = new float[prompts.embeds().length]; // (B, T, H)
        for (int b = 0; b < prompts.size(); b++) {
            double[] p = probabilities(prompts, b);
            int label = answers.ids()[b * answers.length()];
            loss[b] = (float) -Math.log(p[label]);
            counts[b] = answers.count(b);
            p[label] -= 1;
            for (int t = 0; t < prompts.lengths()[b]; t++) {
                for (int h = 0; h < hidden; h++) {
                    double g = 0;
                    for (int c = 0; c < readout.length; c++) {
                        g += p[c] * readout[c][h];
                    }
                    gradient[(b * prompts.tokens() + t) * hidden + h] = (float) (gradScale * g / prompts.lengths()[b]);
                }
            }
        }
        return new Result(loss, counts, gradient);
    }

    double[] probabilities(PromptBatch prompts, int b) {
        int hidden = prompts.hidden();
        double[] p = new double[readout.length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            double logit = 0;
            for (int t = 0; t < prompts.lengths()[b]; t++) {
                for (int h = 0; h < hidden; h++) {
                    logit += readout[c][h] * prompts.embeds()[(b * prompts.tokens() + t) * hidden + h];
                }
            }
            p[c] = Math.exp(logit / prompts.lengths()[b]);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }
}
