package org.fednano.algorithm;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.CodedAdapters;
import org.fednano.adapter.NanoAdapters;
import org.fednano.fisher.DiagonalFisher;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;

/**
 * The gradient of each sample's own loss with respect to the adapter: adapters forward, the frozen LLM, adapters backward.
 * Every answer of the LLM is checked and everything counted.
 */
final class SampleGradients {

    private final LossGradient llm;
    private final AdapterLayout layout;
    private final NanoAdapters adapters;
    private final CodedAdapters coded;
    private final int featureUses;
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
        layout = round.layout();
        adapters = NanoAdapters.of(layout);
        coded = new CodedAdapters(layout);
        featureUses = round.local().featureUses();
        scale = round.local().gradScale();
        sum = new double[round.theta().length];
        mean = new float[sum.length];
    }

    /**
     * Passes on the gradient (d) of each sample at θ, in the batch's order. To a {@link DiagonalFisher} it may pass on their
     * squares instead.
     *
     * @param x (B, T, H)
     * @return the samples' losses
     */
    float[] at(float[] theta, FeatureBatch x, Consumer<float[]> gradients) {
        if (codes(x)) {
            return atCodes(theta, x, Optional.of(gradients));
        }
        LossGradient.Result result = ask(adapters.forward(theta, x), x);
        adapters.backward(theta, x, result.gradient(), scale, gradients);
        return result.loss();
    }

    private boolean codes(FeatureBatch x) {
        return llm.wire().codes(layout, x.size(), x.prompts().tokens(), featureUses, true);
    }

    /** The same by features and codes; the gradients' mean is {@link #mean} then. */
    private float[] atCodes(float[] theta, FeatureBatch x, Optional<Consumer<float[]>> each) {
        CodedPrompts prompts = coded.forward(theta, x);
        DiagonalFisher fisher = each.orElse(null) instanceof DiagonalFisher found ? found : null;
        Wanted wanted = each.isEmpty() ? Wanted.SUM : fisher == null ? Wanted.EACH : Wanted.SQUARES;
        LossGradient.CodedResult result = ask(prompts, x, wanted);
        CodeGradients found = result.gradients();
        if (wanted != Wanted.EACH) {
            coded.backwardMean(x, found, scale, mean);
        }
        if (wanted != Wanted.SUM) {
            Arrays.fill(sum, 0);
            coded.backward(x, found, scale, g -> {
                add(g);
                each.get().accept(g);
            });
        }
        if (wanted == Wanted.EACH) {
            takeMean(x.size());
        }
        if (fisher != null) {
            fisher.addSquares(coded.upPart(found.squares(), 1.0 / scale / scale));
        }
        return result.loss();
    }

    private void takeMean(int samples) {
        for (int i = 0; i < sum.length; i++) {
            mean[i] = (float) (sum[i] / samples);
        }
    }

    private void add(float[] gradient) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += gradient[i];
        }
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
        boolean codes = codes(x);
        if (each.isEmpty() && !codes) {
            LossGradient.Result result = ask(adapters.forward(theta, x), x);
            adapters.backwardMean(theta, x, result.gradient(), scale, mean);
            count(of, result.loss());
            return mean;
        }
        if (codes) {
            count(of, atCodes(theta, x, each));
            return mean;
        }
        Arrays.fill(sum, 0);
        float[] losses = at(theta, x, g -> {
            add(g);
            each.get().accept(g);
        });
        takeMean(losses.length);
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
        requireValues("B*T*H", x.size(), prompts.embeds().length, result.loss(), result.gradient());
        count(x, prompts.embeds().length, result.gradient().length);
        return result;
    }

    private LossGradient.CodedResult ask(CodedPrompts prompts, FeatureBatch x, Wanted wanted) {
        long before = System.nanoTime();
        LossGradient.CodedResult result = llm.lossGradient(prompts, x.answers(), scale, wanted);
        endpointNanos += System.nanoTime() - before;
        CodeGradients found = result.gradients();
        requireValues("B*T*R", x.size(), prompts.codes().length, result.loss(), found.codes());
        count(x, (long) prompts.codes().length + prompts.up().length, found.values());
        return result;
    }

    private static void requireValues(String what, int size, int values, float[] loss, float[] gradient) {
        if (loss.length != size || gradient.length != values) {
            throw new IllegalArgumentException("The endpoint must answer B losses and " + what
                    + " gradient values: expected " + size + " and " + values + ", got " + loss.length + " and "
                    + gradient.length);
        }
    }

    private void count(FeatureBatch x, long there, long back) {
        samples += x.size();
        uplink += 4L * (there + x.answers().ids().length);
        downlink += 4L * (back + x.size());
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
