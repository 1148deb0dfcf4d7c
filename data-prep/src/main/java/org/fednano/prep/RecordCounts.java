package org.fednano.prep;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RawMedium;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * How many records of each kind were staged: all that the driver knows of them.
 *
 * @param groups samples of each bucket, by group and split
 * @param rejects by reason
 * @param furtherMedia whether a sample has more than one image
 */
record RecordCounts(
        SortedMap<Integer, Map<String, long[]>> groups, SortedMap<String, Rejects> rejects, boolean furtherMedia)
        implements Serializable {

    /** How many rejects there are, and the first of them by id and text. */
    record Rejects(long count, Reject example, long position) implements Serializable {

        private static final Comparator<Rejects> ORDER = Comparator.comparing(
                        (Rejects r) -> r.example().id())
                .thenComparing(r -> String.valueOf(r.example().record()))
                .thenComparing(Rejects::position);

        private Rejects plus(Rejects other) {
            Rejects first = ORDER.compare(this, other) <= 0 ? this : other;
            return new Rejects(count + other.count, first.example, first.position);
        }
    }

    /** Counts rows of the light columns. */
    static RecordCounts of(Iterator<Row> rows) {
        SortedMap<Integer, Map<String, long[]>> groups = new TreeMap<>();
        SortedMap<String, Rejects> rejects = new TreeMap<>();
        StagedRecord.Duplicates duplicates = new StagedRecord.Duplicates();
        boolean further = false;
        while (rows.hasNext()) {
            Row row = rows.next();
            if (duplicates.isDuplicate(row) || StagedRecord.isReject(row)) {
                Reject reject = StagedRecord.reject(row);
                rejects.merge(
                        reject.reason().text(), new Rejects(1, reject, StagedRecord.position(row)), Rejects::plus);
            } else {
                groups.computeIfAbsent(StagedRecord.bucket(row), b -> new HashMap<>())
                        .computeIfAbsent(StagedRecord.group(row), g -> new long[Split.values().length])[
                        StagedRecord.split(row).ordinal()]++;
                further |= needsMedia(StagedRecord.lightMedia(row));
            }
        }
        return new RecordCounts(groups, rejects, further);
    }

    /** Whether a sample has more than what column {@code image} holds. */
    private static boolean needsMedia(List<RawMedium> media) {
        return media.size() > (!media.isEmpty() && media.get(0).modality().equals(Medium.IMAGE) ? 1 : 0);
    }

    /** Returns the sum; buckets of one are none of the other. */
    RecordCounts plus(RecordCounts other) {
        groups.putAll(other.groups);
        other.rejects.forEach((reason, r) -> rejects.merge(reason, r, Rejects::plus));
        return new RecordCounts(groups, rejects, furtherMedia || other.furtherMedia);
    }

    /** Returns how many samples there are. */
    long kept() {
        return groups.values().stream()
                .flatMap(bucket -> bucket.values().stream())
                .mapToLong(n -> Arrays.stream(n).sum())
                .sum();
    }

    /** Returns the samples of each group by split. */
    SortedMap<String, long[]> rows() {
        SortedMap<String, long[]> all = new TreeMap<>();
        groups.values().forEach(bucket -> bucket.forEach((group, n) -> add(all, group, n)));
        return all;
    }

    /** Returns the rank of the first sample of each bucket, by group and split. */
    Map<Integer, Map<String, long[]>> firstRanks() {
        Map<Integer, Map<String, long[]>> ranks = new HashMap<>();
        Map<String, long[]> sums = new HashMap<>();
        groups.forEach((bucket, counts) -> {
            Map<String, long[]> first = new HashMap<>();
            counts.forEach((group, n) -> {
                first.put(group, sums.getOrDefault(group, new long[n.length]).clone());
                add(sums, group, n);
            });
            ranks.put(bucket, first);
        });
        return ranks;
    }

    private static void add(Map<String, long[]> sums, String group, long[] counts) {
        long[] sum = sums.computeIfAbsent(group, g -> new long[counts.length]);
        for (int s = 0; s < sum.length; s++) {
            sum[s] += counts[s];
        }
    }
}
