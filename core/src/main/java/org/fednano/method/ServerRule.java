package org.fednano.method;

import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;

/** A method's half on the server. */
public interface ServerRule {

    /**
     * An empty merger for a round.
     *
     * @param layout how adapters lie in θ
     * @param theta the global adapter θ (d); not copied, not to be changed
     * @param state what the last merged round kept, by name, d values each; empty in round 1
     */
    Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state);

    /** The rule as one whose mergers' θ' is a mean of the clients' values at each coordinate. */
    static ServerRule ofMeans(ServerRule rule) {
        return new ServerRule() {
            @Override
            public Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state) {
                return rule.start(layout, theta, state);
            }

            @Override
            public List<String> keeps() {
                return rule.keeps();
            }

            @Override
            public boolean clampable() {
                return true;
            }
        };
    }

    /**
     * Whether {@link Merger#merge(org.fednano.merger.Clamp)} of its mergers holds them: each value of θ' is a mean of what clients sent for
     * it, or made of such a mean. Without it the setting {@code merger.clamp} is refused.
     */
    default boolean clampable() {
        return false;
    }

    /** Names of what each merge keeps for the next round: committed with the adapter and restored with it. */
    default List<String> keeps() {
        return List.of();
    }
}
