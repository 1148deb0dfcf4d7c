package org.fednano.method;

import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;
import org.fednano.merger.ServerStep;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * Adam on the server, the weighted mean Δ̄ of the clients' changes as its gradient: m ← β₁ m + (1 − β₁) Δ̄,
 * v ← β₂ v + (1 − β₂) Δ̄², θ' = θ + η m / (√v + τ), without bias correction (Reddi et al., Adaptive Federated Optimization,
 * ICLR 2021, algorithm 2; v starts at 0 where the paper allows any v₋₁ ≥ τ²).
 */
public final class FedAdam implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    private static final Setting<Double> RATE = Setting.ofDouble(
                    "fedadam.learning_rate", 0.01, 0, 1e3, "Server step size.")
            .pinned();
    private static final Setting<Double> BETA1 = Setting.ofDouble(
                    "fedadam.beta1", 0.9, 0, 1, "Decay of the first moment.")
            .pinned();
    private static final Setting<Double> BETA2 = Setting.ofDouble(
                    "fedadam.beta2", 0.99, 0, 1, "Decay of the second moment.")
            .pinned();
    private static final Setting<Double> TAU = Setting.ofDouble(
                    "fedadam.tau", 1e-3, 1e-12, 1e3, "Adaptivity: added to the denominator; smaller is more adaptive.")
            .pinned();

    @Override
    public String name() {
        return "fedadam";
    }

    @Override
    public String meaning() {
        return "Adam on the server over the mean of the clients' changes (Reddi et al. 2021)";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(RATE, BETA1, BETA2, TAU);
    }

    @Override
    public ServerRule server(Settings settings) {
        MergeChoices.none(settings);
        double rate = settings.get(RATE);
        double beta1 = settings.get(BETA1);
        double beta2 = settings.get(BETA2);
        double tau = settings.get(TAU);
        return new ServerRule() {
            @Override
            public List<String> keeps() {
                return List.of("m", "v");
            }

            @Override
            public boolean clampable() {
                return true;
            }

            @Override
            public Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state) {
                return new ServerStep(theta, state, keeps(), (i, delta, kept) -> {
                    double m = beta1 * kept.get(0)[i] + (1 - beta1) * delta;
                    double v = beta2 * kept.get(1)[i] + (1 - beta2) * delta * delta;
                    kept.get(0)[i] = (float) m;
                    kept.get(1)[i] = (float) v;
                    return rate * m / (Math.sqrt(v) + tau);
                });
            }
        };
    }
}
