package org.fednano.merger;

import java.util.Map;

/**
 * Folds client updates into the next global adapter, one at a time and in double precision. Memory is the accumulators, whatever
 * the number of clients, unless a merger says that it needs all of them at once. Not for concurrent use; same order, same bits.
 */
public interface Merger {

    /**
     * Folds one client.
     *
     * @param thetaK θ_k (d), finite; nobody changes it until the merger has {@link #letGo}
     * @param uploads what the method's clients send beside it, by name; d values each, checked; as θ_k
     * @param weight w_k &gt; 0
     */
    void add(float[] thetaK, Map<String, float[]> uploads, double weight);

    /**
     * Is done with what it was given, if it can be.
     *
     * @return whether the vectors of all clients so far may be filled anew; false: it needs them until the merge
     */
    default boolean letGo() {
        return false;
    }

    /** Clients folded so far. */
    int clients();

    /** The merged adapter; at least one client must have been folded. */
    Merged merge();

    /**
     * The same with what is averaged held within a clamp: θ' itself, unless θ' is made of a mean that is held instead. Asked of the
     * mergers of a {@code ServerRule} that says it is {@code clampable}.
     *
     * @param clamp of all clients that were folded
     */
    default Merged merge(Clamp clamp) {
        Merged merged = merge();
        return new Merged(clamp.hold(merged.theta()), merged.shares(), merged.state());
    }

    /**
     * @param theta θ' (d)
     * @param shares (clients), in the order of folding, summing to 1: client k's share of the merge weight,
     *     Σ_i a_k,i / Σ_i Σ_j a_j,i over the coordinates i
     * @param state what the server keeps for the next round, by name; d values each
     * @param held values that a clamp held
     */
    record Merged(float[] theta, double[] shares, Map<String, float[]> state, int held) {

        /** Of a merger that no clamp holds. */
        public Merged(float[] theta, double[] shares, Map<String, float[]> state) {
            this(theta, shares, state, 0);
        }

        /** Of a merger that keeps nothing. */
        public Merged(float[] theta, double[] shares) {
            this(theta, shares, Map.of());
        }
    }
}
