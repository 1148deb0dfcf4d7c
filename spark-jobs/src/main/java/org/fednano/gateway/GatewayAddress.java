package org.fednano.gateway;

import java.io.Serializable;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** How a partition finds the gateway of its run. */
public sealed interface GatewayAddress extends Serializable {

    /**
     * Opens a client's session and tries the endpoint behind it; the client's deadline starts to count.
     *
     * @param pass who comes, and for what
     * @throws RoundClosedException if the gateway does not serve that round (any more)
     * @throws JobException with status 5 if there is no gateway, or no endpoint behind it
     */
    FrozenLlm open(GatewayPass pass);

    /** A gateway in this JVM: local masters, whose executor is the driver. */
    record InProcess(String id) implements GatewayAddress {
        @Override
        public FrozenLlm open(GatewayPass pass) {
            Gateway gateway = Gateway.find(id);
            if (gateway == null) {
                throw new JobException(
                        ExitStatus.ENDPOINT_UNAVAILABLE,
                        "The gateway of this run is expected in the executor's own process: found none for client "
                                + pass.clientId() + ". The driver has closed it.");
            }
            FrozenLlm session = gateway.session(pass);
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
     * @param tls whether the connection is encrypted
     * @param ca PEM text of the authority that signed the gateway's certificate; empty: Java's own list
     * @param fingerprint of the LLM behind it
     * @param trainDeadline how long a training client may wait for an answer: the gateway has closed its round by then
     * @param maxMessage bytes of a message at most
     * @param wire how prompts travel
     * @param run names the features that travel once
     */
    record Network(
            String host,
            int port,
            boolean tls,
            String ca,
            String fingerprint,
            Duration trainDeadline,
            long maxMessage,
            Wire wire,
            String run)
            implements GatewayAddress {
        @Override
        public FrozenLlm open(GatewayPass pass) {
            return GatewayClient.open(this, pass);
        }

        @Override
        public String toString() {
            return "gateway at " + host + ":" + port;
        }
    }

    /** A key nobody can guess. It never touches a result, so it needs no seed. */
    static String newKey() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
