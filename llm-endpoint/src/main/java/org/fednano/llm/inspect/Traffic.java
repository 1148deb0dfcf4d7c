package org.fednano.llm.inspect;

import org.fednano.adapter.AdapterLayout;
import org.fednano.llm.wire.WireType;
import org.fednano.method.ClientRule;

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
     * @param strategy its name
     * @param method what clients of the strategy upload, and how many rows they ask for once more
     * @param epochs E
     * @param rounds of the run
     * @param clients per round
     * @param samples per client
     * @param promptTokens T
     * @param answerTokens L
     * @param wire type of the embeddings on their way
     * @param batch samples of a step
     */
    record Load(
            String strategy,
            ClientRule method,
            int epochs,
            int rounds,
            int clients,
            int samples,
            int promptTokens,
            int answerTokens,
            WireType wire,
            int batch) {

        /** Local epochs, and what the Fisher pass takes of the samples. */
        double passes() {
            return epochs + (double) method.furtherRows(samples) / samples;
        }
    }

    static Traffic of(AdapterLayout layout, Load load) {
        long adapter = (long) Float.BYTES * layout.size();
        long fisher = adapter * load.method().uploads().size();
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
