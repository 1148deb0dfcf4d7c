package org.fednano.method;

import java.util.List;
import org.fednano.merger.ClientWeights;
import org.fednano.merger.Reweighed;
import org.fednano.settings.Settings;

/**
 * FedProd with the client weights of a geometric median of the updates (Pillutla et al., arXiv 1912.13445), whose start
 * {@code merger.weights} gives. Distances are those of the factors, in which all clients start alike.
 */
public final class FedProdRobust implements FederatedMethod {

    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
        return "fedprod-robust";
    }

    @Override
    public String meaning() {
        return "fedprod with the client weights of a geometric median (Pillutla et al. 2019)";
    }

    @Override
    public ServerRule server(Settings settings) {
        MergeChoices.requireWeights(
                settings,
                List.of("samples", "uniform", "capped"),
                "the strategy itself weighs clients by their updates");
        ServerRule products = MergeChoices.fixed(settings, true, "fedavg").mean();
        return (layout, theta, state) ->
                new Reweighed(theta, ClientWeights.GEOMETRIC_MEDIAN, products.start(layout, theta, state));
    }
}
