package org.fednano.gateway;

import io.grpc.Metadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.server.Tls;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.tls.CertificateDates;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.JobException;

/** A gateway on the network: the endpoint's own contract, with a session found by each call's metadata. */
final class GatewayServer implements AutoCloseable {

    /** The model's name on the wire. */
    static final String MODEL = "gateway";

    /** Calls that wait side by side, and so can be joined; more wait as bytes. A thread each, made when needed. */
    private static final int WORKERS = 256;

    /** No bound of its own: the bytes are what costs. */
    private static final int QUEUE = 100_000;

    /** Beyond the deadline, so that the gateway's own answer comes first. */
    private static final Duration MARGIN = Duration.ofMinutes(1);

    private final LlmServer server;
    private final GatewayAddress address;

    private GatewayServer(LlmServer server, GatewayAddress address) {
        this.server = server;
        this.address = address;
    }

    /** Listens; see {@link Gateway#listen}. */
    static GatewayServer start(Gateway gateway, GatewayNetwork network, GatewayOptions options) {
        LlmInfo info = gateway.info();
        // A call's answer takes about as much again.
        long bytes = Math.max(1, options.maxInflightBytes() / 2);
        long message =
                Math.min(network.maxMessage(), Math.min(bytes, info.limits().messageBytes()));
        Wire wire = network.features().memory() == 0 ? Wire.EMBEDDINGS : gateway.wire();
        String ca = network.ca() == null ? "" : text(network.ca());
        LlmServer server = LlmServer.start(
                LlmServer.Options.on(
                                network.bind(),
                                network.port(),
                                MODEL,
                                WireType.FP32,
                                new LlmInfo.Limits(info.limits().tokens(), message),
                                new LlmServer.Load(QUEUE, bytes, WORKERS))
                        .withFeatures(wire == Wire.EMBEDDINGS ? FeatureStore.Limits.NONE : network.features())
                        .withTls(tls(network))
                        .withCallers((token, headers) -> isKnown(gateway, token, headers)),
                new Sessions(gateway, info));
        return new GatewayServer(
                server,
                new GatewayAddress.Network(
                        network.host(),
                        server.port(),
                        network.certificate() != null,
                        ca,
                        info.fingerprint(),
                        options.clientDeadline().plus(MARGIN),
                        message,
                        wire,
                        GatewayAddress.newKey()));
    }

    /** Whoever calls must be the one he says that he is. */
    private static boolean isKnown(Gateway gateway, String token, Metadata headers) {
        try {
            GatewayHeaders who = GatewayHeaders.read(headers);
            return gateway.pass(who.purpose(), who.round(), who.clientId())
                    .of(who.attempt())
                    .isProvedBy(token);
        } catch (LlmException e) {
            return false;
        }
    }

    private static Tls tls(GatewayNetwork network) {
        if ((network.certificate() == null) != (network.key() == null)) {
            throw JobException.usage("gateway.tls.certificate and gateway.tls.key are expected both or neither: found"
                    + " one of them.");
        }
        return network.certificate() == null ? null : new Tls(network.certificate(), network.key(), null);
    }

    private static String text(Path file) {
        try {
            String pem = Files.readString(file);
            CertificateDates.warn(file.toString(), pem); // here, since executors know it by no name
            return pem;
        } catch (IOException e) {
            throw JobException.usage("A PEM file is expected at " + file + " (gateway.tls.ca): it cannot be read.");
        }
    }

    GatewayAddress address() {
        return address;
    }

    /** Ends at once; calls under way fail. */
    @Override
    public void close() {
        server.close();
    }

    private record Sessions(Gateway gateway, LlmInfo info) implements Backend {
        @Override
        public boolean ready() {
            return true;
        }

        /** A client whose time is over must hear so even while the gateway is full. */
        @Override
        public void admit(Metadata headers) {
            llm(headers).info();
        }

        /** One client never finds what another one sent. */
        @Override
        public String owner(Metadata headers) {
            return GatewayHeaders.read(headers).clientId();
        }

        @Override
        public FrozenLlm llm(Metadata headers) {
            GatewayHeaders who = GatewayHeaders.read(headers);
            return gateway.session(who);
        }
    }
}
