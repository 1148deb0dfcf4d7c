package org.fednano.llm.client;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A connection that links of one JVM share: links come and go with their clients, it stays. Tokens and other headers are
 * not part of it, they come with each call. One that nobody uses any more is closed when somebody connects elsewhere.
 */
final class SharedChannel {

    /** Where a connection leads, and what it trusts. */
    private record Key(EndpointAddress address, OipOptions.Tls tls, long maxMessage) {}

    private static final Map<Key, SharedChannel> OPEN = new HashMap<>();

    private final ManagedChannel channel;
    private int users;

    private SharedChannel(ManagedChannel channel) {
        this.channel = channel;
    }

    /** The connection to an address, which must be {@linkplain #giveBack given back}; connects when first asked. */
    static SharedChannel take(EndpointAddress address, OipOptions options) throws IOException {
        Key key = new Key(address, address.tls() ? options.tls() : OipOptions.Tls.DEFAULT, options.maxMessage());
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
