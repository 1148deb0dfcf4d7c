package org.fednano.prep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.fednano.iconworld.Draws;
import org.fednano.sample.Split;

/**
 * Deals samples to numbered clients in an order that the seed and the samples' ids decide.
 *
 * @param seed {@code prepare.seed}
 */
record Dealing(long seed) {

    /** In a random order. */
    List<Accepted> shuffled(List<Accepted> samples) {
        record Keyed(long key, Accepted sample) {}
        return samples.stream()
                .map(s -> new Keyed(Draws.of(seed, "order", s.id()).nextLong(), s))
                .sorted(Comparator.comparingLong(Keyed::key)
                        .thenComparing(k -> k.sample().id()))
                .map(Keyed::sample)
                .toList();
    }

    /** One to each in turn, every split for itself, so that sizes differ by one at most. */
    void evenly(List<Accepted> samples, List<Integer> clients, Map<String, Integer> client) {
        for (Split split : Split.values()) {
            List<Accepted> own = shuffled(of(samples, split));
            for (int i = 0; i < own.size(); i++) {
                client.put(own.get(i).id(), clients.get(i % clients.size()));
            }
        }
    }

    /** By shares that sum to 1, every split by the same ones, so that a client is tested on what it has. */
    void byShares(List<Accepted> samples, double[] shares, Map<String, Integer> client) {
        for (Split split : Split.values()) {
            List<Accepted> own = shuffled(of(samples, split));
            int k = 0;
            double end = shares[0];
            for (int i = 0; i < own.size(); i++) {
                double place = (i + 0.5) / own.size();
                while (place > end && k < shares.length - 1) {
                    end += shares[++k];
                }
                client.put(own.get(i).id(), k);
            }
        }
    }

    /**
     * Which clients hold which categories when each client gets {@code perClient} of them: a shuffled deck is dealt round
     * and round, so that categories are held by as many clients as each other, give or take one.
     *
     * @param categories how many there are; at least {@code perClient}
     * @return holders of each category, ascending
     */
    List<List<Integer>> holders(int categories, int clients, int perClient) {
        List<Integer> deck = new ArrayList<>();
        List<List<Integer>> holders = new ArrayList<>();
        for (int c = 0; c < categories; c++) {
            deck.add(c);
            holders.add(new ArrayList<>());
        }
        Draws.of(seed, "categories").shuffle(deck);
        for (int k = 0; k < clients; k++) {
            for (int j = 0; j < perClient; j++) {
                int place = (int) (((long) k * perClient + j) % categories);
                holders.get(deck.get(place)).add(k);
            }
        }
        return holders;
    }

    private static List<Accepted> of(List<Accepted> samples, Split split) {
        return samples.stream().filter(s -> s.split() == split).toList();
    }
}
