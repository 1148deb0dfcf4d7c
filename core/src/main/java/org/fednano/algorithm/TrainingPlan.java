package org.fednano.algorithm;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Clamp;
import org.fednano.merger.Merging;
import org.fednano.method.ClientRule;
import org.fednano.method.FederatedMethod;
import org.fednano.method.Methods;
import org.fednano.method.ServerRule;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * All that decides a run's adapters, apart from the data and the frozen model.
 *
 * @param layout shapes of the adapter
 * @param local how clients train
 * @param client the method's half on the clients
 * @param server its half on the server
 * @param merging what every merge has in common
 * @param clients ids of all clients; kept sorted
 * @param clientsPerRound cohort size; 0, or more than there are: all
 * @param quorum fraction of the cohort (rounded up, at least 1) that a round needs
 * @param seed every random choice comes from it
 * @param rounds rounds to have committed at the end
 */
public record TrainingPlan(
        AdapterLayout layout,
        LocalTraining local,
        ClientRule client,
        ServerRule server,
        Merging merging,
        List<String> clients,
        int clientsPerRound,
        double quorum,
        long seed,
        int rounds) {

    public TrainingPlan {
        clients = clients.stream().sorted().toList();
        if (clients.isEmpty() || new HashSet<>(clients).size() != clients.size()) {
            throw new IllegalArgumentException("A run needs clients, each once: got " + clients);
        }
        if (!(quorum >= 0 && quorum <= 1)) {
            throw new IllegalArgumentException("A quorum must be 0 to 1: got " + quorum);
        }
    }

    /** From settings. */
    public static TrainingPlan of(Settings settings, AdapterLayout layout, List<String> clients) {
        FederatedMethod method = Methods.of(settings);
        requireEnough(settings, clients.size());
        return new TrainingPlan(
                layout,
                LocalTraining.of(settings, clients.size()),
                method.client(settings),
                method.server(settings),
                Merging.of(settings),
                clients,
                settings.get(RunKeys.COHORT),
                settings.get(RunKeys.QUORUM),
                settings.get(RunKeys.SEED),
                settings.get(RunKeys.ROUNDS));
    }

    /** A clamp that no round of so few clients can have is told before the first one. */
    private static void requireEnough(Settings settings, int clients) {
        int drawn = settings.get(RunKeys.COHORT);
        int cohort = drawn == 0 ? clients : Math.min(drawn, clients);
        int k = settings.get(MethodKeys.CLAMP);
        if (k > 0 && cohort < Clamp.fewest(k)) {
            throw JobException.usage("Setting 'merger.clamp' must be at most " + (cohort - 1) / 2 + " with " + cohort
                    + " clients in a round: found '" + k + "'. The reason: without the " + k + " lowest and the " + k
                    + " highest values something is left of " + Clamp.fewest(k)
                    + " clients or more. Lower it, or have more clients (run.clients_per_round, and who has training"
                    + " rows).");
        }
    }

    /** The same plan with another goal: {@code committed + 1} makes {@link FedNano#train} do one more round. */
    public TrainingPlan withRounds(int rounds) {
        return new TrainingPlan(layout, local, client, server, merging, clients, clientsPerRound, quorum, seed, rounds);
    }

    /**
     * Whether a committed round holds what the method's server kept.
     *
     * @param names of the state that is there
     * @throws JobException with status 3 if it is not what the method keeps
     */
    public void requireState(int round, Set<String> names) {
        Set<String> expected = round == 0 ? Set.of() : Set.copyOf(server.keeps());
        if (!names.equals(expected)) {
            throw JobException.badInput(
                    "The server's state " + expected + " of the run's method expected with round " + round
                            + ": found " + names
                            + ". The method was changed since then: use its earlier version, or start a new run.");
        }
    }

    /** What clients are told in the round after {@code global}. */
    Round roundAfter(GlobalAdapter global) {
        return new Round(global.round() + 1, layout, global.theta(), seed, local, client);
    }
}
