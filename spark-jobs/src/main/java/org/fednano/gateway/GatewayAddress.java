package org.fednano.gateway;

import java.io.Serializable;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.UUID;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** How a partition finds the gateway of its run. It holds the run's token: not to be logged. */
public sealed interface GatewayAddress extends Serializable {

    /**
     * Opens a client's session and tries the endpoint behind it; the client's deadline starts to count.
     *
     * @param purpose what for
     * @param round number of the round
     * @param clientId who
     * @throws RoundClosedException if the gateway does not serve that round (any more)
     * @throws JobException with status 5 if there is no gateway, or no endpoint behind it
     */
    FrozenLlm open(Purpose purpose, int round, String clientId);

    /** A gateway in this JVM: local masters, whose executor is the driver. */
    record InProcess(String token) implements GatewayAddress {
        @Override
        public FrozenLlm open(Purpose purpose, int round, String clientId) {
            Gateway gateway = Gateway.find(token);
            if (gateway == null) {
                throw new JobException(
                        ExitStatus.ENDPOINT_UNAVAILABLE,
                        "The gateway of this run is expected in the executor's own process: found none for client "
                                + clientId + ". The driver has closed it.");
            }
            FrozenLlm session =
                    gateway.session(purpose, round, clientId, UUID.randomUUID().toString());
            session.info();
            return session;
        }

        @Override
        public String toString() {
            return "in-process gateway";
        }
    }

    /**
     * A gateway in the driver's process, reached over gRPC.
     *
     * @param host name or address of the driver
     * @param port the gateway's
     * @param token the run's, without which nobody is let in
     * @param tls whether the connection is encrypted
     * @param ca PEM text of the authority that signed the gateway's certificate; empty: Java's own list
     * @param fingerprint of the LLM behind it
     * @param trainDeadline how long a training client may wait for an answer: the gateway has closed its round by then
     * @param maxMessage bytes of a message at most
     */
    record Network(
            String host,
            int port,
            String token,
            boolean tls,
            String ca,
            String fingerprint,
            Duration trainDeadline,
            long maxMessage)
            implements GatewayAddress {
        @Override
        public FrozenLlm open(Purpose purpose, int round, String clientId) {
            return GatewayClient.open(this, purpose, round, clientId);
        }

        @Override
        public String toString() {
            return "gateway at " + host + ":" + port;
        }
    }

    /** A token nobody can guess. It never touches a result, so it needs no seed. */
    static String newToken() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
