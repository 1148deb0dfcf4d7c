package org.fednano.gateway;

import java.io.Serializable;
import java.security.SecureRandom;
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
                                + clientId + ". It works with a local[...] master only, while the driver is alive.");
            }
            FrozenLlm session =
                    gateway.session(purpose, round, clientId, UUID.randomUUID().toString(), true);
            session.info();
            return session;
        }

        @Override
        public String toString() {
            return "in-process gateway";
        }
    }

    /** A token nobody can guess. It never touches a result, so it needs no seed. */
    static String newToken() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
