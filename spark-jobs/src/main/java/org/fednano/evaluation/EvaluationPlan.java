package org.fednano.evaluation;

import java.io.Serializable;
import java.util.List;
import org.fednano.adapter.AdapterLayout;
import org.fednano.sample.Split;

/**
 * What an evaluation asks of every client.
 *
 * @param round whose adapter it is; 0: the identity
 * @param layout shapes of the adapter
 * @param theta the adapter
 * @param splits what to answer
 * @param maxSamples samples per split at most
 * @param maxNewTokens tokens of a free answer at most
 * @param batchSize samples per endpoint call
 * @param uses how often the run asks for the same rows, this time included; {@link org.fednano.algorithm.Wire#AUTO} decides
 *     by it, and nothing else
 */
public record EvaluationPlan(
        int round,
        AdapterLayout layout,
        float[] theta,
        List<Split> splits,
        int maxSamples,
        int maxNewTokens,
        int batchSize,
        int uses)
        implements Serializable {}
