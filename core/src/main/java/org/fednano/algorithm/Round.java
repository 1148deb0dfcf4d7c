package org.fednano.algorithm;

import java.io.Serializable;
import org.fednano.adapter.AdapterLayout;
import org.fednano.method.ClientRule;

/**
 * All that a client is told at the start of a round.
 *
 * @param number t, from 1
 * @param layout shapes of the adapter
 * @param theta the global adapter θ; shared, not copied, not to be changed
 * @param runSeed the run's seed; a client's own is mix(run seed, t, client)
 * @param local how to train
 * @param rule what the method does beside that
 */
public record Round(int number, AdapterLayout layout, float[] theta, long runSeed, LocalTraining local, ClientRule rule)
        implements Serializable {}
