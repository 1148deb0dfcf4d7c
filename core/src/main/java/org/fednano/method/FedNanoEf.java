package org.fednano.method;

import org.fednano.merger.FisherMerger;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/** FedNano-EF (arXiv 2506.14824): the Fisher is collected during the last local epoch; no further pass. */
public final class FedNanoEf implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fednano-ef";
    }

    @Override
    public String meaning() {
        return "fednano with the Fisher of the last local epoch, no extra pass";
    }

    @Override
    public ClientRule client(Settings settings) {
        return new FisherRule.InLastEpoch();
    }

    @Override
    public ServerRule server(Settings settings) {
        double floor = settings.get(MethodKeys.MERGER_FLOOR);
        return MergeChoices.ofFactors(settings, FisherRule.OF_FACTORS)
                .around((layout, theta, state) -> new FisherMerger(theta, FisherRule.NAME, floor, false));
    }
}
