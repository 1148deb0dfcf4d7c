package org.fednano.llm.server;

import io.grpc.ServerCredentials;
import io.grpc.internal.ObjectPool;
import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;
import io.grpc.netty.shaded.io.netty.util.AsciiString;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/**
 * What a connection passes before TLS and HTTP/2: it is counted among the {@link Connections}, its frames will be, and what
 * is over or read takes nothing more. gRPC's builder has no place for any of it; this is the one where its own xDS puts what
 * it does with connections.
 */
final class Door implements InternalProtocolNegotiator.ServerFactory {

    private final InternalProtocolNegotiator.ServerFactory behind;
    private final Connections connections;

    private Door(InternalProtocolNegotiator.ServerFactory behind, Connections connections) {
        this.behind = behind;
        this.connections = connections;
    }

    /**
     * The same credentials behind a door.
     *
     * @throws IllegalArgumentException if gRPC cannot use them
     */
    static ServerCredentials before(ServerCredentials credentials, Connections connections) {
        return InternalNettyServerCredentials.create(
                new Door(InternalNettyServerCredentials.toNegotiator(credentials), connections));
    }

    @Override
    public InternalProtocolNegotiator.ProtocolNegotiator newNegotiator(ObjectPool<? extends Executor> offload) {
        InternalProtocolNegotiator.ProtocolNegotiator next = behind.newNegotiator(offload);
        return new InternalProtocolNegotiator.ProtocolNegotiator() {
            @Override
            public AsciiString scheme() {
                return next.scheme();
            }

            @Override
            public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http) {
                http.decoder().frameListener(new FrameBudget(http.decoder().frameListener()));
                http.setCumulator(Door::unread);
                return new ChannelInboundHandlerAdapter() {
                    @Override
                    public void handlerAdded(ChannelHandlerContext context) {
                        connections.enter(context.channel());
                        http.connection().addListener(new Answered(http, context.channel()));
                        context.pipeline().replace(this, null, next.newHandler(http));
                    }
                };
            }

            @Override
            public void close() {
                next.close();
            }
        };
    }

    /**
     * What was not decoded yet, before what has just come. Netty's own way keeps what was decoded too, as long as any call
     * holds a piece of it: callers could let that grow without end.
     */
    private static ByteBuf unread(ByteBufAllocator memory, ByteBuf before, ByteBuf next) {
        if (!before.isReadable()) {
            before.release();
            return next;
        }
        try {
            return memory.buffer(before.readableBytes() + next.readableBytes())
                    .writeBytes(before)
                    .writeBytes(next);
        } finally {
            before.release();
            next.release();
        }
    }

    /**
     * Ends calls that were answered or refused before their caller has sent all, if he leaves many like that: RFC 9113, 8.1.
     * Not at once, since to gRPC a frame on its way to an ended call is a fault, of which it takes some from a connection.
     */
    private static final class Answered extends Http2ConnectionAdapter {

        /** So many may stay, of a connection. */
        private static final int MOST = 16;

        private final GrpcHttp2ConnectionHandler http;
        private final Channel channel;
        private final Deque<Http2Stream> answered = new ArrayDeque<>();

        Answered(GrpcHttp2ConnectionHandler http, Channel channel) {
            this.http = http;
            this.channel = channel;
        }

        @Override
        public void onStreamHalfClosed(Http2Stream stream) {
            if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL) {
                answered.add(stream);
                if (answered.size() > MOST) {
                    channel.eventLoop().execute(this::endEldest); // behind the answer
                }
            }
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            answered.remove(stream);
        }

        private void endEldest() {
            ChannelHandlerContext context = channel.pipeline().context(http);
            if (context != null && answered.size() > MOST) {
                int eldest = answered.element().id();
                http.resetStream(context, eldest, Http2Error.NO_ERROR.code(), context.newPromise());
                context.flush();
            }
        }
    }
}
