package org.fednano.algorithm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.fednano.random.Seeds;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;

/** A client's training rows in batches, in an order that comes from (run seed, round, client) alone. */
final class LocalBatches {

    private final ClientData data;
    private final int hidden;
    private final int batchSize;
    private final int[] order;
    private final Random random;
    private final long drawSeed;

    LocalBatches(String clientId, Round round, ClientData data) {
        int n = data.size();
        if (n < 1) {
            throw new IllegalArgumentException("Client " + clientId
                    + " needs training rows: found none. Give it some, or leave it out of the shards.");
        }
        this.data = data;
        hidden = round.layout().hidden();
        batchSize = round.local().batchSize();
        order = IntStream.range(0, n).toArray();
        random = new Random(Seeds.mix(round.runSeed(), round.number(), clientId));
        drawSeed = Seeds.mix(round.runSeed(), round.number(), "fisher/" + clientId);
    }

    /** All rows, shuffled anew; the last batch may be smaller. */
    Iterable<FeatureBatch> nextEpoch() {
        Seeds.shuffle(order, random);
        return batches(order);
    }

    /** A draw of rows in shard order, the same at every call; 0: all. */
    Iterable<FeatureBatch> drawn(int rows) {
        return batches(Seeds.draw(order.length, rows, new Random(drawSeed)));
    }

    private Iterable<FeatureBatch> batches(int[] rows) {
        return () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < rows.length;
            }

            @Override
            public FeatureBatch next() {
                if (!hasNext()) {
                    throw new java.util.NoSuchElementException();
                }
                int end = Math.min(rows.length, next + batchSize);
                List<PromptFeatures> samples = new ArrayList<>(end - next);
                Arrays.stream(rows, next, end).mapToObj(data::row).forEach(samples::add);
                next = end;
                return FeatureBatch.of(samples, hidden);
            }
        };
    }
}
