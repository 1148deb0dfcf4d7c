package org.fednano.method;

import java.util.List;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * FedAvg with a proximal term: every client minimises its loss + μ/2 ‖θ_k − θ‖², so that local steps stay near the global
 * adapter (Li et al., Federated Optimization in Heterogeneous Networks, MLSys 2020, eq. 2).
 */
public final class FedProx implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    private static final Setting<Double> MU = Setting.ofDouble(
                    "fedprox.mu", 0.01, 0, 1e6, "Weight of the proximal term; 0 is fedavg.")
            .pinned();

    @Override
    public String name() {
        return "fedprox";
    }

    @Override
    public String meaning() {
        return "fedavg with a proximal term on every client (Li et al. 2020)";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(MU);
    }

    @Override
    public ClientRule client(Settings settings) {
        double mu = settings.get(MU);
        return (theta, epochs) -> new Proximal(theta, mu);
    }

    @Override
    public ServerRule server(Settings settings) {
        return MergeChoices.any(settings).mean();
    }

    /** Adds μ (θ_k − θ) to every batch's gradient. */
    private record Proximal(float[] global, double mu) implements LocalRule {
        @Override
        public void step(float[] theta, float[] gradient) {
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = (float) (gradient[i] + mu * ((double) theta[i] - global[i]));
            }
        }
    }
}
