package org.fednano.llm.server;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Flags;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListener;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Settings;

/**
 * Cuts a connection off that sends more frames that ask for nothing than its calls explain: settings, priorities, pings,
 * resets, data without bytes, windows opened by a little, frames that nobody knows. Frames for calls that are over do not
 * come here: HTTP/2's decoder drops them.
 */
final class FrameBudget extends Http2FrameListenerDecorator {

    static final int SECONDS = 10;

    /** In {@link #SECONDS}, whatever calls there are. */
    static final int FREE = 1000;

    /** For each call begun; a client of another make sends a reset, a ping and three or four windows. */
    static final int PER_CALL = 8;

    /** A window that is opened by more bounds itself: it holds 2 GiB at most. */
    private static final int LARGE_UPDATE = 1 << 12;

    private long since = System.nanoTime();
    private int calls;
    private int idle;

    FrameBudget(Http2FrameListener listener) {
        super(listener);
    }

    private void spend(ChannelHandlerContext context) throws Http2Exception {
        renew();
        if (++idle > FREE + (long) PER_CALL * calls) {
            // After the goodbye, which who does not listen would hold up for ever.
            context.executor().execute(context::close);
            throw Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "Too many frames beside calls: at most %s in %s s and %s a call",
                    FREE,
                    SECONDS,
                    PER_CALL);
        }
    }

    private void renew() {
        long now = System.nanoTime();
        if (now - since > SECONDS * 1_000_000_000L) {
            since = now;
            calls = 0;
            idle = 0;
        }
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext context,
            int stream,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean end)
            throws Http2Exception {
        renew();
        calls++;
        super.onHeadersRead(context, stream, headers, dependency, weight, exclusive, padding, end);
    }

    @Override
    public void onHeadersRead(ChannelHandlerContext context, int stream, Http2Headers headers, int padding, boolean end)
            throws Http2Exception {
        renew();
        calls++;
        super.onHeadersRead(context, stream, headers, padding, end);
    }

    @Override
    public int onDataRead(ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean end)
            throws Http2Exception {
        if (!data.isReadable() && !end) {
            spend(context);
        }
        return super.onDataRead(context, stream, data, padding, end);
    }

    @Override
    public void onPriorityRead(
            ChannelHandlerContext context, int stream, int dependency, short weight, boolean exclusive)
            throws Http2Exception {
        spend(context);
        super.onPriorityRead(context, stream, dependency, weight, exclusive);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext context, int stream, long error) throws Http2Exception {
        spend(context);
        super.onRstStreamRead(context, stream, error);
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) throws Http2Exception {
        spend(context);
        super.onSettingsRead(context, settings);
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
        spend(context);
        super.onSettingsAckRead(context);
    }

    @Override
    public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
        spend(context);
        super.onPingRead(context, data);
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext context, long data) throws Http2Exception {
        spend(context);
        super.onPingAckRead(context, data);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext context, int stream, int increment) throws Http2Exception {
        if (increment < LARGE_UPDATE) {
            spend(context);
        }
        super.onWindowUpdateRead(context, stream, increment);
    }

    @Override
    public void onUnknownFrame(ChannelHandlerContext context, byte type, int stream, Http2Flags flags, ByteBuf payload)
            throws Http2Exception {
        spend(context);
        super.onUnknownFrame(context, type, stream, flags, payload);
    }
}
