package org.fednano.algorithm;

import java.util.Map;
import org.fednano.adapter.AdapterInit;
import org.fednano.random.Seeds;

/**
 * The state between rounds: all that a run needs to go on.
 *
 * @param round rounds merged so far; 0: as initialised
 * @param theta θ, in the run's layout; shared, not copied, not to be changed
 * @param state what the method's server keeps from round to round, by name; as many values each
 */
public record GlobalAdapter(int round, float[] theta, Map<String, float[]> state) {

    /** Before round 1: W_down from the run's seed, W_up zero, so that every NanoAdapter is the identity. */
    public static GlobalAdapter initial(TrainingPlan plan) {
        return new GlobalAdapter(0, AdapterInit.theta(plan.layout(), Seeds.mix(plan.seed(), 0, "adapter")), Map.of());
    }
}
