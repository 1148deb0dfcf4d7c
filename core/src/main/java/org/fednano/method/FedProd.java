package org.fednano.method;

import org.fednano.settings.Settings;

/**
 * Averages the products W_down,k W_up,k, cuts the result at rank R and returns balanced factors (Bai et al., FlexLoRA, NeurIPS 2024,
 * arXiv 2402.11505, with √Σ on both sides).
 */
public final class FedProd implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fedprod";
    }

    @Override
    public String meaning() {
        return "weighted mean of the adapters' products, balanced (FlexLoRA, Bai et al. 2024)";
    }

    @Override
    public ServerRule server(Settings settings) {
        return MergeChoices.fixed(settings, true, "fedavg").mean();
    }
}
