package org.fednano.algorithm;

import java.io.Serializable;

/** What came of one client's part in a round. */
public sealed interface ClientOutcome extends Serializable {

    String clientId();

    /** It finished. */
    record Done(ClientUpdate update) implements ClientOutcome {
        @Override
        public String clientId() {
            return update.clientId();
        }
    }

    /** Its code or data failed. */
    record Failed(String clientId, String error) implements ClientOutcome {}

    /** It ran past its deadline. */
    record Straggler(String clientId, String detail) implements ClientOutcome {}
}
