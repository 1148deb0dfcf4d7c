package org.fednano.llm.server;

import io.grpc.Attributes;
import io.grpc.ServerCall;
import io.grpc.ServerTransportFilter;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/**
 * The connections of one server, and what each holds. Only so many may be there on which nobody has shown a token; who
 * has a good one is served however many others came before.
 */
final class Connections extends ServerTransportFilter {

    private static final Attributes.Key<Connection> KEY = Attributes.Key.create("fednano-connection");

    private final int most;
    private int strangers;

    /** @param most on which nobody has shown a token */
    Connections(int most) {
        this.most = most;
    }

    /** One of them. */
    final class Connection {
        private final Admission.Share share = new Admission.Share();
        private boolean known;
        private boolean late;

        Admission.Share share() {
            return share;
        }

        /** A caller with a good token is at its other end. */
        void known() {
            synchronized (Connections.this) {
                if (!known) {
                    known = true;
                    strangers--;
                }
            }
        }

        /** @throws LlmException BUSY if there are too many */
        void requireServed() {
            synchronized (Connections.this) {
                late &= strangers > most;
                LlmException.require(
                        known || !late, Reason.BUSY, "Connections without a token", "at most " + most, "more");
            }
        }
    }

    /** The connection that a call came by. */
    static Connection of(ServerCall<?, ?> call) {
        return call.getAttributes().get(KEY);
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        Connection connection = new Connection();
        synchronized (this) {
            strangers++;
            connection.late = strangers > most;
        }
        return attributes.toBuilder().set(KEY, connection).build();
    }

    @Override
    public void transportTerminated(Attributes attributes) {
        // Null where the connection ended before it was ready, as in a failed handshake: then it was never counted.
        Connection connection = attributes == null ? null : attributes.get(KEY);
        if (connection != null) {
            connection.known();
        }
    }
}
