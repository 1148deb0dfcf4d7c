package org.fednano.algorithm;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.fednano.adapter.NanoAdapters;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;

/**
 * The gradient of each sample's own loss with respect to the adapter: adapters forward, the frozen LLM, adapters backward.
 * Every answer of the LLM is checked and everything counted.
 */
final class SampleGradients {

    private final LossGradient llm;
    private final NanoAdapters adapters;
    private final float scale;
    private final double[] sum; // of the gradients of a batch's samples
    private final float[] mean;
    private final long start = System.nanoTime();
    private long trainedAt;
    private long endpointNanos;
    private long samples;
    private long uplink;
    private long downlink;
    private int steps;
    private int epoch;
    private double epochLoss;
    private long epochSamples;
    private double firstEpochLoss = Double.NaN;

    SampleGradients(Round round, LossGradient llm) {
        this.llm = llm;
        adapters = NanoAdapters.of(round.layout());
        scale = round.local().gradScale();
        sum = new double[round.theta().length];
        mean = new float[sum.length];
    }

    /**
     * Passes on the gradient (d) of each sample at θ, in the batch's order.
     *
     * @param x (B, T, H)
     * @return the samples' losses
     */
    float[] at(float[] theta, FeatureBatch x, Consumer<float[]> gradients) {
        LossGradient.Result result = ask(adapters.forward(theta, x), x);
        adapters.backward(theta, x, result.gradient(), scale, gradients);
        return result.loss();
    }

    /**
     * The gradient of a batch's mean loss for one optimiser step.
     *
     * @param of epoch from 1, whose losses are kept
     * @param x (B, T, H)
     * @param each takes the gradient (d) of each sample as it comes by; empty: nobody asks
     * @return (d), valid until the next call
     */
    float[] train(int of, float[] theta, FeatureBatch x, Optional<Consumer<float[]>> each) {
        if (each.isEmpty()) {
            LossGradient.Result result = ask(adapters.forward(theta, x), x);
            adapters.backwardMean(theta, x, result.gradient(), scale, mean);
            count(of, result.loss());
            return mean;
        }
        Arrays.fill(sum, 0);
        float[] losses = at(theta, x, g -> {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += g[i];
            }
            each.get().accept(g);
        });
        for (int i = 0; i < sum.length; i++) {
            mean[i] = (float) (sum[i] / losses.length);
        }
        count(of, losses);
        return mean;
    }

    private void count(int of, float[] losses) {
        if (of != epoch) {
            if (epoch == 1) {
                firstEpochLoss = epochLoss / epochSamples;
            }
            epoch = of;
            epochLoss = 0;
            epochSamples = 0;
        }
        for (float loss : losses) {
            epochLoss += loss;
        }
        epochSamples += losses.length;
        steps++;
    }

    private LossGradient.Result ask(PromptBatch prompts, FeatureBatch x) {
        long before = System.nanoTime();
        LossGradient.Result result = llm.lossGradient(prompts, x.answers(), scale);
        endpointNanos += System.nanoTime() - before;
        if (result.loss().length != prompts.size() || result.gradient().length != prompts.embeds().length) {
            throw new IllegalArgumentException("The endpoint must answer B losses and B*T*H gradient values: expected "
                    + prompts.size() + " and " + prompts.embeds().length + ", got " + result.loss().length + " and "
                    + result.gradient().length);
        }
        samples += prompts.size();
        uplink += 4L * (prompts.embeds().length + x.answers().ids().length);
        downlink += 4L * (result.gradient().length + result.loss().length);
        return result;
    }

    /** The local epochs are over. */
    void trained() {
        trainedAt = System.nanoTime();
    }

    ClientUpdate.Metrics metrics() {
        double lastEpochLoss = epochLoss / epochSamples;
        return new ClientUpdate.Metrics(
                epoch == 1 ? lastEpochLoss : firstEpochLoss,
                lastEpochLoss,
                steps,
                samples,
                uplink,
                downlink,
                (trainedAt - start) / 1e9,
                (System.nanoTime() - trainedAt) / 1e9,
                endpointNanos / 1e9,
                0);
    }
}
