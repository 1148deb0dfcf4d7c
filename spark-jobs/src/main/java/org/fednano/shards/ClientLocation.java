package org.fednano.shards;

import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/**
 * Where one client's rows lie, and what has been made of them. It travels to that client's own tasks and to no others:
 * its Hadoop settings may be secrets, so nothing prints them.
 *
 * @param id the client
 * @param rows folder (URI) with {@code split=…} and, where data comes in over time, {@code date=…/split=…} below
 * @param cache folder (URI) below which features and embedding rows are kept
 * @param hadoop settings that this client's file system needs, over the job's own; empty: none
 * @param hosts where its first file lies, for the scheduler; may be empty
 * @param segments the parts of {@code rows} that are used, oldest first: {@link #UNDATED} or {@code date=…}
 * @param trouble why the client cannot take part, or empty
 */
public record ClientLocation(
        String id,
        String rows,
        String cache,
        Map<String, String> hadoop,
        List<String> hosts,
        List<String> segments,
        String trouble)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Name of the segment that lies in {@code rows} itself. */
    static final String UNDATED = "";

    /** How names of dated segments begin; an ISO date follows. */
    static final String DATE = "date=";

    /** Shorter values than this say too little to be a secret, and would make messages unreadable. */
    private static final int SHORTEST_SECRET = 6;

    public ClientLocation {
        hadoop = Map.copyOf(hadoop);
        hosts = List.copyOf(hosts);
        segments = List.copyOf(segments);
    }

    /** The same with other segments, free of trouble. */
    public ClientLocation with(List<String> newSegments) {
        return new ClientLocation(id, rows, cache, hadoop, hosts, newSegments, "");
    }

    /** The same, unable to take part. */
    public ClientLocation withTrouble(String why) {
        return new ClientLocation(id, rows, cache, hadoop, hosts, List.of(), why);
    }

    /** Date of the newest dated segment, or null. */
    public String newestData() {
        String last = segments.isEmpty() ? UNDATED : segments.get(segments.size() - 1);
        return last.startsWith(DATE) ? last.substring(DATE.length()) : null;
    }

    /** Folder with the splits of a segment. */
    public Path rows(String segment) {
        return segment.isEmpty() ? new Path(rows) : new Path(rows, segment);
    }

    /** Folder of a segment's features. */
    public Path features(String fingerprint, String segment) {
        Path all = ShardPaths.features(cache, fingerprint);
        return new Path(segment.isEmpty() ? all : new Path(all, segment), "client_id=" + id);
    }

    /** Folder of the token-embedding rows of one LLM that its texts need. */
    public Path embeddings(String llm) {
        return new Path(cache, "embeddings/" + llm + "/client_id=" + id);
    }

    /** Where training rows are expected, for messages. */
    public String trainingRows() {
        Path train = new Path(rows, "split=" + Split.TRAIN.text());
        return segments.stream().allMatch(String::isEmpty)
                ? train.toString()
                : train + " or " + new Path(rows, DATE + "…/split=" + Split.TRAIN.text());
    }

    /** A message without the values of this client's Hadoop settings, whoever wrote them into it. */
    String redact(String message) {
        String clean = message;
        List<String> longestFirst = hadoop.values().stream()
                .filter(value -> value.length() >= SHORTEST_SECRET)
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
        for (String value : longestFirst) {
            clean = clean.replace(value, "***");
        }
        return clean;
    }

    /**
     * Does something at this client. What fails with a secret in its messages fails without it, and without the trace of
     * where it came from.
     */
    public <R> R guard(Callable<R> work) throws Exception {
        try {
            return work.call();
        } catch (RoundClosedException e) {
            throw e; // the gateway's: knows nothing of a file system
        } catch (JobException e) {
            throw tells(e) ? new JobException(e.status(), redact(e.getMessage())) : e;
        } catch (Exception e) {
            throw tells(e) ? new JobException(ExitStatus.FAILED, redact(e.toString())) : e;
        }
    }

    private boolean tells(Throwable e) {
        if (e == null) {
            return false;
        }
        String text = String.valueOf(e.getMessage());
        return !redact(text).equals(text)
                || tells(e.getCause())
                || Stream.of(e.getSuppressed()).anyMatch(this::tells);
    }

    /** Without the values of Hadoop settings. */
    @Override
    public String toString() {
        return "ClientPlace[" + id + ", " + rows + ", hadoop " + hadoop.keySet() + ", segments " + segments
                + (trouble.isEmpty() ? "" : ", " + trouble) + "]";
    }
}
