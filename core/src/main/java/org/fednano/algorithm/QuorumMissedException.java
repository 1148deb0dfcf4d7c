package org.fednano.algorithm;

import java.util.List;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** A round got too few updates and was given up. What came of each of its clients is told by {@link #clients()}. */
public final class QuorumMissedException extends JobException {

    private static final long serialVersionUID = 1L;

    private final int round;
    private final transient List<ClientReport> clients;

    QuorumMissedException(int round, List<ClientReport> clients, String message) {
        super(ExitStatus.QUORUM, message);
        this.round = round;
        this.clients = List.copyOf(clients);
    }

    /** The round that was tried. */
    public int round() {
        return round;
    }

    /** What came of each client of the cohort, sorted by id; updates that would have been merged are {@code UNUSED}. */
    public List<ClientReport> clients() {
        return clients;
    }
}
