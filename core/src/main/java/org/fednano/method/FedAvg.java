package org.fednano.method;

import org.fednano.settings.Settings;

/** θ' = θ + Σ w_k Δ_k / Σ w_k: the plain weighted mean of the adapters (McMahan et al., AISTATS 2017). */
public final class FedAvg implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fedavg";
    }

    @Override
    public String meaning() {
        return "plain weighted mean of the adapters (McMahan et al. 2017)";
    }

    @Override
    public ServerRule server(Settings settings) {
        return MergeChoices.any(settings).mean();
    }
}
