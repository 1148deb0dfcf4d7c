package org.fednano.llm.metrics;

import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.TooLongFrameException;
import io.grpc.netty.shaded.io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpDecoderConfig;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpHeaderNames;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpMethod;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpRequest;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpResponseStatus;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpServerCodec;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpVersion;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * A registry's figures at {@code /metrics}, for whoever reaches the port: one answer a connection. Connections wait in no
 * thread, none lasts longer than its time, and of too many the eldest go: however many are held open, the next is answered.
 */
final class MetricsPort implements AutoCloseable {

    /** Connections at a time; Prometheus needs one. */
    static final int MOST_CONNECTIONS = 64;

    /** Bytes of a request's first line and of its headers, each. Prometheus sends some 500. */
    static final int MOST_HEADER_BYTES = 8 << 10;

    private final PrometheusRegistry registry;
    private final Duration limit;
    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("llm-metrics", true), NioIoHandler.newFactory());
    /** In order of their coming; only the loop's one thread touches it. */
    private final Deque<Channel> open = new ArrayDeque<>();

    private final Channel listening;

    /**
     * Listens.
     *
     * @param port 0: any free one
     * @param limit from a connection's first moment to the last byte of its answer
     * @throws IOException if the address is taken or is not this machine's
     */
    MetricsPort(PrometheusRegistry registry, String host, int port, Duration limit) throws IOException {
        this.registry = registry;
        this.limit = limit;
        var bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, MOST_CONNECTIONS)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        admit(channel);
                    }
                })
                .bind(new InetSocketAddress(host, port))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException(bound.cause().toString(), bound.cause());
        }
        listening = bound.channel();
    }

    int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    private void admit(Channel channel) {
        if (open.size() == MOST_CONNECTIONS) {
            open.removeFirst().close();
        }
        open.addLast(channel);
        var late = channel.eventLoop().schedule(() -> channel.close(), limit.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> {
            late.cancel(false);
            open.remove(channel);
        });
        channel.pipeline()
                .addLast(new HttpServerCodec(new HttpDecoderConfig()
                        .setMaxInitialLineLength(MOST_HEADER_BYTES)
                        .setMaxHeaderSize(MOST_HEADER_BYTES)))
                .addLast(new Answer());
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Answers the first request of its connection; what comes after its headers is not looked at. */
    private final class Answer extends ChannelInboundHandlerAdapter {
        private boolean answered;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
            try {
                if (message instanceof HttpRequest request && !answered) {
                    answered = true;
                    answer(context, request);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        private void answer(ChannelHandlerContext context, HttpRequest request) throws IOException {
            if (request.decoderResult().isFailure()) {
                boolean large = request.decoderResult().cause() instanceof TooLongFrameException;
                say(
                        context,
                        large ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE : HttpResponseStatus.BAD_REQUEST);
            } else if (!request.uri().split("\\?", 2)[0].equals("/metrics")) {
                say(context, HttpResponseStatus.NOT_FOUND);
            } else if (request.method().equals(HttpMethod.GET)) {
                // Text only: the third format needs a protobuf library of its own.
                ExpositionFormats formats = ExpositionFormats.init();
                ExpositionFormatWriter writer = formats.getOpenMetricsTextFormatWriter();
                if (!writer.accepts(request.headers().get(HttpHeaderNames.ACCEPT))) {
                    writer = formats.getPrometheusTextFormatWriter();
                }
                ByteArrayOutputStream page = new ByteArrayOutputStream();
                writer.write(page, registry.scrape());
                send(context, HttpResponseStatus.OK, writer.getContentType(), page.toByteArray());
            } else {
                say(context, HttpResponseStatus.METHOD_NOT_ALLOWED);
            }
        }

        private void say(ChannelHandlerContext context, HttpResponseStatus status) {
            byte[] text = (status.reasonPhrase() + ". Expected: GET /metrics\n").getBytes(StandardCharsets.US_ASCII);
            send(context, status, "text/plain", text);
        }

        private void send(ChannelHandlerContext context, HttpResponseStatus status, String type, byte[] body) {
            ByteBuf content = Unpooled.wrappedBuffer(body);
            var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, type)
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                    .set(HttpHeaderNames.CONNECTION, "close");
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // a caller that went away; nothing was kept of it
        }
    }
}
