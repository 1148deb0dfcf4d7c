package org.fednano.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.client.Pem;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** An executor's way to the gateway: one connection for all its tasks, tried before each task's first step. */
final class GatewayClient {

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int CONNECT_TRIES = 3;

    /** Evaluation and encoding have no deadline; a driver that dies takes its executors with it. */
    private static final Duration NONE = Duration.ofDays(1);

    private static final Duration BACKOFF = Duration.ofMillis(200);
    private static final Duration BACKOFF_MAX = Duration.ofSeconds(5);

    /** What accepts connections and is no gateway must show soon: about a minute. */
    private static final OipOptions.Retry TRIAL = new OipOptions.Retry(20, BACKOFF, BACKOFF_MAX);

    private GatewayClient() {}

    /** As {@link GatewayAddress#open}. */
    static FrozenLlm open(GatewayAddress.Network gateway, GatewayPass pass) {
        return open(gateway, pass, TRIAL);
    }

    private static Duration deadline(GatewayAddress.Network gateway, Purpose purpose) {
        return purpose == Purpose.TRAIN ? gateway.trainDeadline() : NONE;
    }

    /**
     * A full gateway is no failure of the run: once tried, it is waited for until it says itself that the client's time is
     * over. Each wait is three quarters of the longest or more.
     */
    static OipOptions.Retry patience(Duration deadline) {
        long waits = 4 * deadline.toMillis() / (3 * BACKOFF_MAX.toMillis());
        return new OipOptions.Retry((int) Math.min(Integer.MAX_VALUE, waits + 10), BACKOFF, BACKOFF_MAX);
    }

    static FrozenLlm open(GatewayAddress.Network gateway, GatewayPass pass, OipOptions.Retry trial) {
        requireReachable(gateway);
        Pem ca = gateway.ca().isEmpty() ? null : new Pem("gateway.tls.ca", gateway.ca());
        try {
            OipOptions options = new OipOptions(
                    List.of((gateway.tls() ? "grpcs://" : "grpc://") + gateway.host() + ":" + gateway.port()),
                    GatewayServer.MODEL,
                    pass.token(),
                    new OipOptions.Tls(ca, null, null),
                    gateway.fingerprint(),
                    1,
                    deadline(gateway, pass.purpose()),
                    trial,
                    gateway.maxMessage(),
                    GatewayHeaders.of(pass).map(),
                    OipOptions.Handshake.LIGHT,
                    gateway.wire(),
                    gateway.run());
            OipLlm.connectShared(options).close();
            return OipLlm.connectShared(options.withRetry(patience(options.callDeadline())));
        } catch (JobException e) {
            throw new JobException(
                    e.status(), "Client " + pass.clientId() + " and the " + gateway + ": " + e.getMessage(), e);
        }
    }

    /** Said here and at once: a wrong address is a matter of settings, not of patience. */
    private static void requireReachable(GatewayAddress.Network gateway) {
        IOException failure = null;
        for (int i = 0; i < CONNECT_TRIES; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(gateway.host(), gateway.port()), (int) CONNECT.toMillis());
                return;
            } catch (IOException e) {
                failure = e;
            }
        }
        throw new JobException(
                ExitStatus.ENDPOINT_UNAVAILABLE,
                "The executor on " + hostName() + " expects the run's gateway at " + gateway.host() + ":"
                        + gateway.port() + ": it cannot connect (" + failure
                        + "). Set gateway.host to a name of the driver that executors can resolve, gateway.bind to an"
                        + " address that they reach, and gateway.port to one that no firewall closes.",
                failure);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "this machine";
        }
    }
}
