package org.fednano.llm.client;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A connection that links of one JVM share: links come and go with their clients, it stays. Tokens and other headers are
 * not part of it, they come with each call. One that nobody uses any more is closed when somebody connects elsewhere.
 */
final class SharedChannel {

    /** Where a connection leads, and what it trusts: files by what is in them, since names of scratch files change. */
    private record Key(EndpointAddress address, String ca, Path certificate, Path key, long maxMessage) {

        static Key of(EndpointAddress address, OipLlm.Options options) throws IOException {
            OipLlm.Tls tls = address.tls() ? options.tls() : OipLlm.Tls.DEFAULT;
            return new Key(
                    address,
                    tls.ca() == null ? "" : Files.readString(tls.ca()),
                    tls.certificate(),
                    tls.key(),
                    options.maxMessage());
        }
    }

    private static final Map<Key, SharedChannel> OPEN = new HashMap<>();

    private final ManagedChannel channel;
    private int users;

    private SharedChannel(ManagedChannel channel) {
        this.channel = channel;
    }

    /** The connection to an address, which must be {@linkplain #giveBack given back}; connects when first asked. */
    static SharedChannel take(EndpointAddress address, OipLlm.Options options) throws IOException {
        Key key = Key.of(address, options);
        synchronized (OPEN) {
            SharedChannel shared = OPEN.get(key);
            if (shared == null) {
                OPEN.values().removeIf(SharedChannel::closeIfUnused);
                shared = new SharedChannel(EndpointConnection.channel(address, options));
                OPEN.put(key, shared);
            }
            shared.users++;
            return shared;
        }
    }

    private boolean closeIfUnused() {
        if (users == 0) {
            channel.shutdownNow();
        }
        return users == 0;
    }

    ManagedChannel channel() {
        return channel;
    }

    void giveBack() {
        synchronized (OPEN) {
            users--;
        }
    }
}
