package org.fednano.prep.split;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.fednano.sample.Split;

/**
 * Which client gets which sample, and how many each gets: as large as there are clients and groups, not samples.
 *
 * @param clients ids, ascending
 * @param groups how the samples of each group are dealt
 * @param rows samples of each group by split
 * @param counts samples by client and split
 * @param clusters clients of samples with an image where {@code prepare.split = clusters}, else null
 */
public record ClientAssignment(
        List<String> clients,
        Map<String, DealRule> groups,
        Map<String, long[]> rows,
        long[][] counts,
        ImageClusters.Found clusters)
        implements Serializable {

    /**
     * Returns a sample's client as an index of {@link #clients}.
     *
     * @param position of the sample in the raw data set
     * @param rank of the sample in its group and split, from 0, in the order of {@link ClientSplits#drawKey} and id
     */
    public int client(long position, String group, Split split, long rank) {
        int cluster = clusters == null ? -1 : clusters.cluster(position);
        return cluster >= 0 ? cluster : groups.get(group).client(rank, rows.get(group)[split.ordinal()]);
    }

    /** Returns how many samples of a split a client gets. */
    public long count(int client, Split split) {
        return counts[client][split.ordinal()];
    }
}
