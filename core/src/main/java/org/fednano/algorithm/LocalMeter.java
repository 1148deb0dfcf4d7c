package org.fednano.algorithm;

import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** The frozen LLM as a client sees it, with every answer checked and everything counted. */
final class LocalMeter implements LossGradient {

    private final LossGradient llm;
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

    LocalMeter(LossGradient llm) {
        this.llm = llm;
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        long before = System.nanoTime();
        Result result = llm.lossGradient(prompts, answers, gradScale);
        endpointNanos += System.nanoTime() - before;
        if (result.loss().length != prompts.size() || result.gradient().length != prompts.embeds().length) {
            throw new IllegalArgumentException("The endpoint must answer B losses and B*T*H gradient values: expected "
                    + prompts.size() + " and " + prompts.embeds().length + ", got " + result.loss().length + " and "
                    + result.gradient().length);
        }
        samples += prompts.size();
        uplink += 4L * (prompts.embeds().length + answers.ids().length);
        downlink += 4L * (result.gradient().length + result.loss().length);
        return result;
    }

    /** One optimiser step of epoch {@code of} (from 1) is done. */
    void step(int of, Result result) {
        if (of != epoch) {
            if (epoch == 1) {
                firstEpochLoss = epochLoss / epochSamples;
            }
            epoch = of;
            epochLoss = 0;
            epochSamples = 0;
        }
        for (float loss : result.loss()) {
            epochLoss += loss;
        }
        epochSamples += result.loss().length;
        steps++;
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
