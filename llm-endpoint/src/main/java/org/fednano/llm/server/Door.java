package org.fednano.llm.server;

import io.grpc.ServerCredentials;
import io.grpc.internal.ObjectPool;
import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.util.AsciiString;
import java.util.concurrent.Executor;

/**
 * What a connection passes before TLS and HTTP/2: it is counted among the {@link Connections}, and its frames will be. gRPC's
 * builder has no place for either; this is the one where its own xDS puts what it does with connections.
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
                return new ChannelInboundHandlerAdapter() {
                    @Override
                    public void handlerAdded(ChannelHandlerContext context) {
                        connections.enter(context.channel());
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
}
