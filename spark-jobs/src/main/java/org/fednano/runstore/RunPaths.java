package org.fednano.runstore;

import org.apache.hadoop.fs.Path;

/** Where things lie in a run folder. */
record RunPaths(Path run) {

    static final String ADAPTER = "adapter.safetensors";
    static final String COMMIT = "commit.json";
    static final String METRICS = "metrics";
    static final String EVALUATION_DUE = "evaluation_due";

    Path runJson() {
        return new Path(run, "run.json");
    }

    Path lastJson() {
        return new Path(run, "last.json");
    }

    Path rounds() {
        return new Path(run, "rounds");
    }

    Path round(int round) {
        return new Path(rounds(), folderName(round));
    }

    Path commit(int round) {
        return new Path(round(round), COMMIT);
    }

    Path adapter(int round) {
        return new Path(round(round), ADAPTER);
    }

    /** Metric files that were committed with a round and are not published yet. */
    Path unpublished(int round) {
        return new Path(round(round), METRICS);
    }

    /** Is there as long as a round that was to be evaluated has not been. */
    Path evaluationDue(int round) {
        return new Path(round(round), EVALUATION_DUE);
    }

    /** Rounds that are being written; nothing here has happened. */
    Path staging() {
        return new Path(run, "staging");
    }

    /** {@code 00007}. */
    static String folderName(int round) {
        return String.format("%05d", round);
    }

    /** The round of a folder name; −1 if it is none. */
    static int number(String name) {
        return name.matches("[0-9]{5,9}") ? Integer.parseInt(name) : -1;
    }
}
