package org.fednano.llm.inspect;

import org.fednano.adapter.AdapterLayout;

/**
 * The same federation with {@code llm.wire = 2}, in bytes: features once, codes and W_up at every step. Float32 throughout.
 *
 * @param uplinkFeatures of one sample, once a run
 * @param uplinkStep codes, its share of the batch's W_up, and answer ids of one sample in one training step
 * @param downlinkStep the gradients of these, and the loss; the Fisher pass gets W_up's squares beside
 * @param uplinkRun all that all clients send over the run, as many of them as a round has
 * @param downlinkRun all that they get
 */
record CodedTraffic(long uplinkFeatures, double uplinkStep, double downlinkStep, double uplinkRun, double downlinkRun) {

    static CodedTraffic of(AdapterLayout layout, Traffic.Load load, Traffic plain) {
        int batch = Math.min(load.batch(), load.samples());
        long features = (long) load.promptTokens() * (layout.hidden() * (long) Float.BYTES + 1);
        double up = layout.size() / 2.0 / batch; // W_up, a sample's share
        double codes = (double) load.promptTokens() * layout.rank();
        double stepUp = Float.BYTES * (codes + up + load.answerTokens());
        double stepDown = Float.BYTES * (codes + up + 2);
        double steps = load.samples() * load.passes();
        double squares = load.samples() * (load.passes() - load.epochs()) * Float.BYTES * up;
        long rounds = load.rounds();
        return new CodedTraffic(
                features,
                stepUp,
                stepDown,
                load.clients()
                        * ((double) features * load.samples()
                                + rounds * (plain.uplinkAdapter() + plain.uplinkFisher() + steps * stepUp)),
                load.clients() * rounds * (plain.downlinkAdapter() + steps * stepDown + squares));
    }
}
