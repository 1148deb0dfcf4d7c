package org.fednano.algorithm;

import java.util.List;
import org.fednano.adapter.NanoAdapters;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.fisher.DiagonalFisher;
import org.fednano.fisher.FisherKind;
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
     * @throws org.fednano.settings.JobException with status QUORUM or ENDPOINT_UNAVAILABLE; the round is not committed
     */
    public static GlobalAdapter train(TrainingPlan plan, GlobalAdapter start, Clients clients, RoundSink sink) {
        GlobalAdapter global = start; // θ
        while (global.round() < plan.rounds()) {
            Round round = plan.roundAfter(global); // t, θ, how to train
            List<String> cohort = Cohort.draw(plan, round.number()); // S_t
            try (OrderedFold fold = new OrderedFold(round, cohort, plan.merging())) {
                clients.update(round, cohort, fold); // every client of S_t: clientUpdate; its outcome goes to the fold
                RoundResult result = fold.finish(plan.quorum()); // θ' = θ + Σ a_k ⊙ Δ_k / Σ a_k, in client order
                sink.commit(result);
                global = result.global();
            }
        }
        return global;
    }

    /**
     * A client's half of a round: E epochs over its own rows, then its Fisher diagonal. Everything random comes from
     * (run seed, round, client): a second try repeats the first bit for bit.
     *
     * @param data the client's training rows; at least one
     * @param llm the frozen LLM: the loss of adapted prompts and its gradient with respect to them
     */
    public static ClientUpdate clientUpdate(String clientId, Round round, ClientData data, LossGradient llm) {
        LocalTraining how = round.local();
        float[] theta = round.theta().clone(); // θ_k starts as θ
        NanoAdapters adapters = NanoAdapters.of(round.layout());
        Optimizer optimizer = how.optimizer().fresh(theta.length);
        MeanGradient gradient = new MeanGradient(theta.length); // dLoss/dθ of a batch
        DiagonalFisher fisher = new DiagonalFisher(theta.length); // F_k
        LocalBatches batches = new LocalBatches(clientId, round, data);
        LocalMeter meter = new LocalMeter(llm);

        for (int epoch = 1; epoch <= how.epochs(); epoch++) {
            boolean collect = how.fisher() == FisherKind.LAST_EPOCH && epoch == how.epochs();
            for (FeatureBatch x : batches.nextEpoch()) { // (B, T, H)
                Result loss = meter.lossGradient(adapters.forward(theta, x), x.answers(), how.gradScale());
                adapters.backward(theta, x, loss.gradient(), how.gradScale(), sample -> {
                    gradient.add(sample);
                    if (collect) {
                        fisher.add(sample);
                    }
                });
                optimizer.step(theta, gradient.take());
                meter.step(epoch, loss);
            }
        }
        meter.trained();
        if (how.fisher() == FisherKind.EXACT) {
            for (FeatureBatch x : batches.forFisher()) { // one more pass, now at θ_k
                Result loss = meter.lossGradient(adapters.forward(theta, x), x.answers(), how.gradScale());
                adapters.backward(theta, x, loss.gradient(), how.gradScale(), fisher::add);
            }
        }
        float[] diagonal = how.fisher() == FisherKind.NONE ? null : fisher.mean();
        return new ClientUpdate(clientId, theta, diagonal, data.size(), meter.metrics());
    }
}
