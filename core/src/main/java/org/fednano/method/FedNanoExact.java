package org.fednano.method;

import org.fednano.merger.FisherMerger;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * As published (Zhang et al., arXiv 2506.14824, Algorithm 1 and eq. 7): clients upload the diagonal Fisher at their tuned
 * adapter, from one more pass over their rows, and the server weighs every coordinate by it.
 */
public final class FedNanoExact implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fednano";
    }

    @Override
    public String meaning() {
        return "Fisher-weighted mean, as published (Zhang et al. 2025)";
    }

    @Override
    public ClientRule client(Settings settings) {
        return new FisherRule.AfterTraining(settings.get(MethodKeys.FISHER_SAMPLES));
    }

    @Override
    public ServerRule server(Settings settings) {
        double floor = settings.get(MethodKeys.MERGER_FLOOR);
        return MergeChoices.ofFactors(settings, FisherRule.OF_FACTORS)
                .around((layout, theta, state) -> new FisherMerger(theta, FisherRule.NAME, floor, false));
    }
}
