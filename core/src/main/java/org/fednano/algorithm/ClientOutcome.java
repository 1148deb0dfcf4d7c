package org.fednano.algorithm;

import java.io.Serializable;
import java.util.concurrent.Callable;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What came of one client's part in a round, as it travels to the server. */
public sealed interface ClientOutcome extends Serializable {

    String clientId();

    /** It finished. */
    record Done(ClientUpdate update) implements ClientOutcome {
        @Override
        public String clientId() {
            return update.clientId();
        }
    }

    /**
     * Its code or data failed.
     *
     * @param error what the server may know of it
     * @param status {@code ENDPOINT_UNAVAILABLE} ends the run after the round; any other is the client's own affair
     */
    record Failed(String clientId, String error, ExitStatus status) implements ClientOutcome {}

    /** It ran past its deadline. */
    record Straggler(String clientId, String detail) implements ClientOutcome {}

    /**
     * Does a client's part and turns whatever it throws into an outcome: the rule for plain loops and partitions alike.
     * The full error goes to the log on the client's side. {@code Error}s pass: they are the JVM's failure, not the
     * client's.
     */
    static ClientOutcome settle(String clientId, Callable<ClientUpdate> part) {
        Logger log = LoggerFactory.getLogger(ClientOutcome.class);
        try {
            return new Done(part.call());
        } catch (RoundClosedException e) {
            log.warn("Client {} ran past its deadline", clientId);
            return new Straggler(clientId, e.getMessage());
        } catch (JobException e) {
            log.warn("Client {} failed", clientId, e);
            return new Failed(clientId, e.getMessage(), e.status());
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            log.warn("Client {} failed", clientId, e);
            return new Failed(clientId, Errors.harmless(e), ExitStatus.FAILED);
        }
    }
}
