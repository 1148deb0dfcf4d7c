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

    /** Names of what each merge keeps for the next round: committed with the adapter and restored with it. */
    default List<String> keeps() {
        return List.of();
    }
}
