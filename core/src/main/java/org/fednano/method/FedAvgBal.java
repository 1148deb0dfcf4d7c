package org.fednano.method;

import org.fednano.settings.Settings;

/**
 * FedAvg whose merged adapter is factored anew: W_down W_up = U Σ Vᵀ goes out as U √Σ and √Σ Vᵀ. The function is the same up to
 * rounding; the next round's training starts from balanced factors (Castin et al., BaLoRA, arXiv 2605.31484).
 */
public final class FedAvgBal implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fedavg-bal";
    }

    @Override
    public String meaning() {
        return "fedavg, its merged adapter factored anew into balanced factors (Castin et al. 2026)";
    }

    @Override
    public ServerRule server(Settings settings) {
        return MergeChoices.fixed(settings, false, "fedavg").mean();
    }
}
