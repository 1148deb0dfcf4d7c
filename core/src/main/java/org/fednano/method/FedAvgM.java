package org.fednano.method;

import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;
import org.fednano.merger.ServerStep;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * FedAvg with momentum on the server: v ← β v + Δ̄, θ' = θ + η v, Δ̄ the weighted mean of the clients' changes (Hsu, Qi and
 * Brown, arXiv 1909.06335, section 4.3).
 */
public final class FedAvgM implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    private static final Setting<Double> RATE = Setting.ofDouble(
                    "fedavgm.learning_rate", 1.0, 0, 1e3, "Server step size.")
            .pinned();
    private static final Setting<Double> BETA =
            Setting.ofDouble("fedavgm.beta", 0.9, 0, 1, "Server momentum.").pinned();

    @Override
    public String name() {
        return "fedavgm";
    }

    @Override
    public String meaning() {
        return "fedavg with momentum on the server (Hsu et al. 2019)";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(RATE, BETA);
    }

    @Override
    public ServerRule server(Settings settings) {
        MergeChoices.none(settings);
        double rate = settings.get(RATE);
        double beta = settings.get(BETA);
        return new ServerRule() {
            @Override
            public List<String> keeps() {
                return List.of("momentum");
            }

            @Override
            public boolean clampable() {
                return true;
            }

            @Override
            public Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state) {
                return new ServerStep(theta, state, keeps(), (i, delta, kept) -> {
                    double v = beta * kept.get(0)[i] + delta;
                    kept.get(0)[i] = (float) v;
                    return rate * v;
                });
            }
        };
    }
}
