package org.fednano.method;

import org.fednano.merger.FisherMerger;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * FedNano with each client's Fisher scaled to mean 1 before the merge: the raw one grows with a client's misfit, so that the
 * worst-fitted client would lead.
 */
public final class FedNanoNorm implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fednano-norm";
    }

    @Override
    public String meaning() {
        return "fednano with each client's Fisher scaled to mean 1 first";
    }

    @Override
    public ClientRule client(Settings settings) {
        return new FedNanoExact().client(settings);
    }

    @Override
    public ServerRule server(Settings settings) {
        double floor = settings.get(MethodKeys.MERGER_FLOOR);
        return MergeChoices.ofFactors(settings, FisherRule.OF_FACTORS)
                .around((layout, theta, state) -> new FisherMerger(theta, FisherRule.NAME, floor, true));
    }
}
