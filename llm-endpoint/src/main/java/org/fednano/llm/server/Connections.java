package org.fednano.llm.server;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerCall;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The connections of one server, from the moment that they are accepted, and what each holds. On which no call was let in
 * for a while after that, is a stranger's and closed. There are only so many: for a newer one the eldest stranger's goes,
 * or, where there is none, of those without an open call the one that was not used for longest. So whoever holds many keeps
 * nobody out, and pays first.
 */
final class Connections extends ServerTransportFilter {

    private static final Attributes.Key<Connection> KEY = Attributes.Key.create("fednano-connection");

    /** What is under way on a connection that is closed for its silence may end in this time. */
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private record Ends(SocketAddress remote, SocketAddress local) {}

    private final int most;
    private final Duration introduction;
    private final Map<Ends, Connection> open = new ConcurrentHashMap<>();
    private final Set<Connection> strangers = new LinkedHashSet<>(); // eldest first
    private final Set<Connection> known = new LinkedHashSet<>(); // least recently used first

    /**
     * @param most at a time
     * @param introduction until a call must have been let in
     */
    Connections(int most, Duration introduction) {
        this.most = most;
        this.introduction = introduction;
    }

    /** One of them. */
    final class Connection {
        private final Admission.Share share = new Admission.Share();
        private final Channel channel;

        private Connection(Channel channel) {
            this.channel = channel;
        }

        Admission.Share share() {
            return share;
        }

        /** A call on it was let in. */
        void used() {
            synchronized (Connections.this) {
                if (strangers.remove(this) || known.remove(this)) {
                    known.add(this);
                }
            }
        }

        private void expire() {
            synchronized (Connections.this) {
                if (!strangers.contains(this)) {
                    return;
                }
            }
            channel.close(); // in HTTP/2's words, which a load balancer that asks for health understands
            channel.eventLoop().schedule(this::cut, FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
        }

        /** Behind HTTP/2's back, which would wait for open calls and for who does not listen. */
        private void cut() {
            if (channel.isOpen()) {
                channel.pipeline().firstContext().close();
            }
        }
    }

    /** The connection that a call came by. */
    static Connection of(ServerCall<?, ?> call) {
        return call.getAttributes().get(KEY);
    }

    /** Counts one that was just accepted. */
    void enter(Channel channel) {
        Connection connection = new Connection(channel);
        Connection gone = null;
        synchronized (this) {
            if (strangers.size() + known.size() >= most) {
                gone = leastMissed();
            }
            if (gone == null && strangers.size() + known.size() >= most) {
                gone = connection;
            } else {
                strangers.remove(gone);
                known.remove(gone);
                strangers.add(connection);
            }
        }
        Ends ends = new Ends(channel.remoteAddress(), channel.localAddress());
        open.put(ends, connection);
        channel.closeFuture().addListener(closed -> leave(ends, connection));
        channel.eventLoop().schedule(connection::expire, introduction.toMillis(), TimeUnit.MILLISECONDS);
        if (gone != null) {
            gone.cut();
        }
    }

    private Connection leastMissed() {
        return strangers.isEmpty()
                ? known.stream()
                        .filter(connection -> connection.share.isEmpty())
                        .findFirst()
                        .orElse(null)
                : strangers.iterator().next();
    }

    private void leave(Ends ends, Connection connection) {
        open.remove(ends, connection);
        synchronized (this) {
            strangers.remove(connection);
            known.remove(connection);
        }
    }

    synchronized int size() {
        return strangers.size() + known.size();
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        Ends ends = new Ends(
                attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR), attributes.get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR));
        return attributes.toBuilder().set(KEY, open.get(ends)).build();
    }
}
