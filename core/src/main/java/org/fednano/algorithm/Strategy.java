package org.fednano.algorithm;

import org.fednano.fisher.FisherKind;
import org.fednano.merger.MergeRule;

/** What a run does with clients and updates. */
public enum Strategy {
    /** As published: exact Fisher after training, merged raw. */
    FEDNANO("fednano", FisherKind.EXACT, MergeRule.FISHER),
    /** Exact Fisher, each client's scaled to mean 1 before the merge. */
    FEDNANO_NORM("fednano-norm", FisherKind.EXACT, MergeRule.NORMALISED_FISHER),
    /** Fisher collected in the last local epoch: no extra pass. */
    FEDNANO_EF("fednano-ef", FisherKind.LAST_EPOCH, MergeRule.FISHER),
    /** Plain weighted mean of the adapters. */
    FEDAVG("fedavg", FisherKind.NONE, MergeRule.MEAN);

    private final String text;
    private final FisherKind fisher;
    private final MergeRule merge;

    Strategy(String text, FisherKind fisher, MergeRule merge) {
        this.text = text;
        this.fisher = fisher;
        this.merge = merge;
    }

    /** The strategy of that name in settings; {@code run.strategy} has been checked against the same names. */
    public static Strategy of(String text) {
        for (Strategy s : values()) {
            if (s.text.equals(text)) {
                return s;
            }
        }
        throw new IllegalArgumentException("Unknown strategy: " + text);
    }

    public String text() {
        return text;
    }

    public FisherKind fisher() {
        return fisher;
    }

    public MergeRule merge() {
        return merge;
    }
}
