package org.fednano.algorithm;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.fednano.method.LocalRule;
import org.fednano.optimizer.Optimizer;
import org.fednano.sample.FeatureBatch;

/**
 * FedNano on one page (Zhang et al., arXiv 2506.14824, Algorithm 1): the server tunes a global adapter θ by rounds, the
 * clients tune it locally against the frozen LLM and say by their Fisher information which parameters matter to them.
 */
public final class FedNano {
    private FedNano() {}

    /**
     * The server's half: rounds until {@code plan.rounds()} are merged. Started from any round's adapter it ends with
     * the same bytes as an uninterrupted run.
     *
     * @param start where to begin: {@link GlobalAdapter#initial} or the last committed round
     * @param clients where clients run
     * @param sink commits each merged round before the next one starts
     * @return the last global adapter
     * @throws QuorumMissedException with too few updates; the round is not committed
     * @throws org.fednano.settings.JobException with status ENDPOINT_UNAVAILABLE; the round is not committed
     */
    public static GlobalAdapter train(TrainingPlan plan, GlobalAdapter start, ClientBackend clients, RoundSink sink) {
        GlobalAdapter global = start; // θ
        while (global.round() < plan.rounds()) {
            Round round = plan.roundAfter(global); // t, θ, how to train
            List<String> cohort = Cohort.draw(plan, round.number()); // S_t
            try (DeterministicAggregator fold =
                    new DeterministicAggregator(plan, global, cohort, clients::trainingRows)) {
                clients.update(round, cohort, fold); // every client of S_t: clientUpdate; its outcome goes to the fold
                RoundResult result =
                        fold.merge(); // the method's: for FedNano θ' = θ + Σ a_k ⊙ Δ_k / Σ a_k, in client order
                sink.commit(result);
                global = result.global();
            }
        }
        return global;
    }

    /**
     * A client's half of a round: E epochs over its own rows, then what the method sends beside θ_k: for FedNano the Fisher
     * diagonal. Everything random comes from (run seed, round, client): a second try repeats the first bit for bit.
     *
     * @param data the client's training rows; at least one
     * @param llm the frozen LLM: the loss of adapted prompts and its gradient with respect to them
     */
    public static ClientUpdate clientUpdate(String clientId, Round round, ClientData data, LossGradient llm) {
        int epochs = round.local().epochs(); // E
        float[] theta = round.theta().clone(); // θ_k starts as θ
        LocalRule rule = round.rule().begin(round.theta(), epochs);
        Optimizer optimizer = round.local().optimizer().fresh(theta.length);
        LocalBatches batches = new LocalBatches(clientId, round, data);
        SampleGradients gradients = new SampleGradients(round, llm);

        for (int epoch = 1; epoch <= epochs; epoch++) {
            Optional<Consumer<float[]>> each = rule.samples(epoch);
            for (FeatureBatch x : batches.nextEpoch()) { // (B, T, H)
                float[] gradient = gradients.train(epoch, theta, x, each); // dLoss/dθ of the batch
                rule.step(theta, gradient);
                optimizer.step(theta, gradient);
            }
        }
        gradients.trained();
        Map<String, float[]> uploads = rule.uploads((rows, each) -> { // one more pass, now at θ_k
            for (FeatureBatch x : batches.drawn(rows)) {
                gradients.at(theta, x, each);
            }
        });
        return new ClientUpdate(clientId, theta, uploads, data.size(), gradients.metrics());
    }
}
