package org.fednano.method;

import java.util.List;
import org.fednano.merger.Balanced;
import org.fednano.merger.ProductMerger;
import org.fednano.merger.WeightedMean;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * What a strategy's name leaves to settings: whether factors or products are averaged ({@code merger.space}), and whether the result's
 * factors are balanced ({@code merger.refactor}). Every strategy asks for what it can do, and refuses the rest with the reason.
 */
record MergeChoices(boolean product, boolean balanced) {

    private static final String AUTO = "auto";

    /** For a strategy that means the factors as they come out, and can do all else. */
    static MergeChoices any(Settings settings) {
        boolean product = settings.get(MethodKeys.MERGER_SPACE).equals("product");
        if (product) {
            require(
                    settings,
                    MethodKeys.MERGER_REFACTOR,
                    List.of(AUTO, "balanced"),
                    "a merged product has no factors to keep");
        }
        return new MergeChoices(
                product, product || settings.get(MethodKeys.MERGER_REFACTOR).equals("balanced"));
    }

    /** For a strategy whose merge weighs or sorts coordinates of factors. */
    static MergeChoices ofFactors(Settings settings, String why) {
        require(settings, MethodKeys.MERGER_SPACE, List.of(AUTO, "factors"), why);
        return any(settings);
    }

    /** For a strategy whose server carries a vector from round to round. */
    static void none(Settings settings) {
        String why =
                "what its server keeps is of the factors of the last round, and other factors would turn it into another step";
        require(settings, MethodKeys.MERGER_SPACE, List.of(AUTO, "factors"), why);
        require(settings, MethodKeys.MERGER_REFACTOR, List.of(AUTO, "keep"), why);
    }

    /**
     * For a strategy whose name says both.
     *
     * @param instead the strategy that does the other
     */
    static MergeChoices fixed(Settings settings, boolean product, String instead) {
        String why = "the strategy's name says so; " + instead + " is the one for other factors";
        require(settings, MethodKeys.MERGER_SPACE, List.of(AUTO, product ? "product" : "factors"), why);
        require(settings, MethodKeys.MERGER_REFACTOR, List.of(AUTO, "balanced"), why);
        return new MergeChoices(product, true);
    }

    /** For a strategy that decides itself what a client weighs. */
    static void requireWeights(Settings settings, List<String> allowed, String why) {
        require(settings, MethodKeys.MERGER_WEIGHTS, allowed, why);
    }

    private static void require(Settings settings, Setting<String> setting, List<String> allowed, String why) {
        String found = settings.get(setting);
        if (!allowed.contains(found)) {
            throw JobException.usage("Setting '" + setting.key() + "' must be " + String.join(" or ", allowed)
                    + " with run.strategy = " + settings.get(RunKeys.STRATEGY) + ": found '"
                    + found + "'. The reason: " + why + ". Change it, or choose another strategy.");
        }
    }

    /** The weighted mean, of factors or of products. */
    ServerRule mean() {
        return product
                ? (layout, theta, state) -> new ProductMerger(layout, theta)
                : around((layout, theta, state) -> new WeightedMean(theta));
    }

    /** A mean of factors, its result balanced if that was chosen. */
    ServerRule around(ServerRule rule) {
        return balanced
                ? (layout, theta, state) -> new Balanced(layout, theta, rule.start(layout, theta, state))
                : ServerRule.ofMeans(rule);
    }
}
