package org.fednano.prep;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;
import org.fednano.prep.split.ClientAssignment;
import org.fednano.sample.Split;

/**
 * The Parquet files to write, the largest first: as the last one it would leave cores idle.
 *
 * @param files in the order in which they are written
 * @param shards number of the file of each client and split
 * @param rejects number of the file of each reason
 * @param slots values that Spark's hash partitioning brings to partition 0, 1, …
 */
record OutputFiles(List<OutputFile> files, int[][] shards, Map<String, Integer> rejects, int[] slots)
        implements Serializable {

    /** Files beyond these share a task. */
    private static final int MOST_TASKS = 2000;

    /** The seed of Spark's hash of a column. */
    private static final int HASH_SEED = 42;

    /**
     * A file.
     *
     * @param client that it belongs to, as an index; of rejects −1
     * @param split of a client's samples, else null
     * @param reason of rejects, else null
     * @param folder below the output
     */
    record OutputFile(int client, Split split, String reason, String folder, long rows) implements Serializable {
        boolean isShard() {
            return reason == null;
        }
    }

    static OutputFiles of(ClientAssignment assignment, RecordCounts counts) {
        List<OutputFile> files = new ArrayList<>();
        for (int k = 0; k < assignment.clients().size(); k++) {
            for (Split split : Split.values()) {
                if (assignment.count(k, split) > 0) {
                    files.add(new OutputFile(
                            k,
                            split,
                            null,
                            "clients/client_id=" + assignment.clients().get(k) + "/split=" + split.text(),
                            assignment.count(k, split)));
                }
            }
        }
        counts.rejects()
                .forEach((reason, r) ->
                        files.add(new OutputFile(-1, null, reason, "rejects/reason=" + reason, r.count())));
        files.sort(Comparator.comparingLong(OutputFile::rows).reversed());
        int[][] shards = new int[assignment.clients().size()][Split.values().length];
        Map<String, Integer> rejects = new HashMap<>();
        for (int f = 0; f < files.size(); f++) {
            OutputFile file = files.get(f);
            if (file.isShard()) {
                shards[file.client()][file.split().ordinal()] = f;
            } else {
                rejects.put(file.reason(), f);
            }
        }
        return new OutputFiles(files, shards, rejects, slots(Math.min(MOST_TASKS, files.size())));
    }

    /** Searches a value for each partition; were the hash another one, files would only be spread less evenly. */
    private static int[] slots(int partitions) {
        int[] slots = new int[partitions];
        boolean[] found = new boolean[partitions];
        for (int left = partitions, value = 0; left > 0; value++) {
            int partition = Math.floorMod(Murmur3_x86_32.hashInt(value, HASH_SEED), partitions);
            if (!found[partition]) {
                found[partition] = true;
                slots[partition] = value;
                left--;
            }
        }
        return slots;
    }

    /** Returns the number of a client's file of a split. */
    int shard(int client, Split split) {
        return shards[client][split.ordinal()];
    }

    /** Returns the number of the file of rejects for a reason. */
    int rejects(String reason) {
        return rejects.get(reason);
    }

    /** Returns the value that brings a file to its task. */
    int slot(int file) {
        return slots[file % slots.length];
    }
}
