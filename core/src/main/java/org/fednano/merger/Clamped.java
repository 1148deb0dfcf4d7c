package org.fednano.merger;

import java.util.Map;

/** Another merger, held within what all of its clients sent, also those that it weighs with nothing. */
final class Clamped implements Merger {

    private final int k;
    private final Clamp clamp;
    private final Merger merger;

    /**
     * @param k lowest and highest values that are left out
     * @param d values of an adapter
     */
    Clamped(int k, int d, Merger merger) {
        this.k = k;
        this.clamp = new Clamp(k, d);
        this.merger = merger;
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        merger.add(thetaK, uploads, weight);
        clamp.add(thetaK);
    }

    @Override
    public boolean letGo() {
        clamp.letGo();
        return merger.letGo();
    }

    @Override
    public int clients() {
        return merger.clients();
    }

    @Override
    public Merged merge() {
        if (clients() < Clamp.fewest(k)) {
            throw new IllegalStateException("A clamp without the " + k + " lowest and highest values needs "
                    + Clamp.fewest(k) + " clients: got " + clients());
        }
        clamp.letGo();
        Merged merged = merger.merge(clamp);
        return new Merged(merged.theta(), merged.shares(), merged.state(), clamp.held());
    }
}
