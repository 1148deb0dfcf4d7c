package org.fednano.prep.split;

import java.io.Serializable;
import java.util.List;
import org.fednano.sample.Split;

/**
 * How the samples of one group go to numbered clients. A sample's rank is its place among the samples of its group and
 * split in the order of the draw.
 */
sealed interface DealRule extends Serializable {

    /**
     * Returns a sample's client.
     *
     * @param rank from 0
     * @param rows samples of the group and split
     */
    int client(long rank, long rows);

    /** Adds to {@code counts[client][split]} how many of so many samples each client gets. */
    void count(Split split, long rows, long[][] counts);

    /** All to one client. */
    record Single(int client) implements DealRule {
        @Override
        public int client(long rank, long rows) {
            return client;
        }

        @Override
        public void count(Split split, long rows, long[][] counts) {
            counts[client][split.ordinal()] += rows;
        }
    }

    /** One to each in turn, every split for itself, so that sizes differ by one at most. */
    record Evenly(List<Integer> clients) implements DealRule {
        @Override
        public int client(long rank, long rows) {
            return clients.get((int) (rank % clients.size()));
        }

        @Override
        public void count(Split split, long rows, long[][] counts) {
            for (int i = 0; i < clients.size(); i++) {
                counts[clients.get(i)][split.ordinal()] += rows / clients.size() + (i < rows % clients.size() ? 1 : 0);
            }
        }
    }

    /**
     * By shares, every split by the same ones, so that a client is tested on what it has.
     *
     * @param ends where each client's share ends, ascending; the last one takes what is left
     */
    record ByShares(double[] ends) implements DealRule {

        /** @param shares sum to 1 */
        static ByShares of(double[] shares) {
            double[] ends = new double[shares.length];
            double end = 0;
            for (int k = 0; k < shares.length; k++) {
                end = k == 0 ? shares[0] : end + shares[k];
                ends[k] = end;
            }
            return new ByShares(ends);
        }

        @Override
        public int client(long rank, long rows) {
            double place = (rank + 0.5) / rows;
            int low = 0;
            int high = ends.length - 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (place > ends[middle]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        @Override
        public void count(Split split, long rows, long[][] counts) {
            long from = 0;
            while (from < rows) {
                int client = client(from, rows);
                long to = firstBehind(client, from, rows);
                counts[client][split.ordinal()] += to - from;
                from = to;
            }
        }

        /** Returns the first rank of a later client. */
        private long firstBehind(int client, long from, long rows) {
            long low = from;
            long high = rows;
            while (low < high) {
                long middle = (low + high) >>> 1;
                if (client(middle, rows) > client) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low;
        }
    }
}
