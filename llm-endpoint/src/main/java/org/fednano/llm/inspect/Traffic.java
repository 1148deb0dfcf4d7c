package org.fednano.llm.inspect;

import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.Strategy;
import org.fednano.fisher.FisherKind;
import org.fednano.llm.oip.WireType;

/**
 * What a federation sends, in bytes. Counted are tensors: no padding, no headers.
 *
 * @param downlinkAdapter θ to one client, once a round
 * @param uplinkAdapter θ_k from one client, once a round
 * @param uplinkFisher F_k from one client, once a round; 0 for strategies without
 * @param uplinkStep prompt embeddings, mask and answer ids of one sample in one training step
 * @param downlinkStep gradient and loss of one sample in one training step
 * @param passes times that a sample goes to the endpoint in a round: local epochs and the Fisher pass
 * @param uplinkRound all that all clients send in a round
 * @param downlinkRound all that all clients get in a round
 * @param uplinkRun the same over the run
 * @param downlinkRun the same over the run
 */
record Traffic(
        long downlinkAdapter,
        long uplinkAdapter,
        long uplinkFisher,
        long uplinkStep,
        long downlinkStep,
        double passes,
        double uplinkRound,
        double downlinkRound,
        double uplinkRun,
        double downlinkRun) {

    /**
     * How much is asked of the model.
     *
     * @param strategy whether there is a Fisher diagonal, and a pass for it
     * @param epochs E
     * @param fisherSamples cap of the Fisher pass; 0: none
     * @param rounds of the run
     * @param clients per round
     * @param samples per client
     * @param promptTokens T
     * @param answerTokens L
     * @param wire type of the embeddings on their way
     */
    record Load(
            Strategy strategy,
            int epochs,
            int fisherSamples,
            int rounds,
            int clients,
            int samples,
            int promptTokens,
            int answerTokens,
            WireType wire) {

        /** Local epochs, and what the Fisher pass takes of the samples. */
        double passes() {
            if (strategy.fisher() != FisherKind.EXACT) {
                return epochs;
            }
            return epochs + (fisherSamples == 0 ? 1 : Math.min(1, (double) fisherSamples / samples));
        }
    }

    static Traffic of(AdapterLayout layout, Load load) {
        long adapter = (long) Float.BYTES * layout.size();
        long fisher = load.strategy().fisher() == FisherKind.NONE ? 0 : adapter;
        long values = (long) load.promptTokens() * layout.hidden();
        long up = values * load.wire().bytes() + (long) Integer.BYTES * (load.promptTokens() + load.answerTokens());
        long down = values * load.wire().ofGradients().bytes() + Float.BYTES + Integer.BYTES;
        double steps = load.samples() * load.passes();
        double upRound = load.clients() * (adapter + fisher + steps * up);
        double downRound = load.clients() * (adapter + steps * down);
        return new Traffic(
                adapter,
                adapter,
                fisher,
                up,
                down,
                load.passes(),
                upRound,
                downRound,
                upRound * load.rounds(),
                downRound * load.rounds());
    }
}
