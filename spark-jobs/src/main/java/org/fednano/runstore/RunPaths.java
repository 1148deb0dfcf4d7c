package org.fednano.runstore;

import org.apache.hadoop.fs.Path;

/** Where things lie in a run folder. */
public record RunPaths(Path run) {

    public static final String ADAPTER = "adapter.safetensors";
    public static final String COMMIT = "commit.json";
    public static final String METRICS = "metrics";
    public static final String EVALUATION_DUE = "evaluation_due";

    public Path runJson() {
        return new Path(run, "run.json");
    }

    public Path lastJson() {
        return new Path(run, "last.json");
    }

    public Path rounds() {
        return new Path(run, "rounds");
    }

    public Path round(int round) {
        return new Path(rounds(), folderName(round));
    }

    public Path commit(int round) {
        return new Path(round(round), COMMIT);
    }

    public Path adapter(int round) {
        return new Path(round(round), ADAPTER);
    }

    /** Metric files that were committed with a round and are not published yet. */
    public Path unpublished(int round) {
        return new Path(round(round), METRICS);
    }

    /** Copies of the round's published metric files. */
    public Path published(int round) {
        return new Path(round(round), "published");
    }

    /** Copies of the metric files of attempts that missed their quorum, by the round that they were attempts at. */
    public Path attempts() {
        return new Path(run, "attempts");
    }

    public Path attempts(int round) {
        return new Path(attempts(), folderName(round));
    }

    /** Is there as long as a round that was to be evaluated has not been. */
    public Path evaluationDue(int round) {
        return new Path(round(round), EVALUATION_DUE);
    }

    /** Rounds that are being written; nothing here has happened. */
    public Path staging() {
        return new Path(run, "staging");
    }

    /** {@code 00007}. */
    public static String folderName(int round) {
        return String.format("%05d", round);
    }

    /** The round of a folder name; −1 if it is none. */
    public static int number(String name) {
        return name.matches("[0-9]{5,9}") ? Integer.parseInt(name) : -1;
    }
}
