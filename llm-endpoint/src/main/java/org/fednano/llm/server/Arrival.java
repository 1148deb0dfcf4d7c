package org.fednano.llm.server;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;

/**
 * Counts a call's bytes as they come in, on the network's thread. gRPC itself tells of a message when it is whole, and
 * until then holds whatever its caller has sent.
 */
final class Arrival extends ServerStreamTracer {

    /** What each piece of a message takes beside its bytes: a message in pieces of one byte is not small. */
    private static final int PIECE = 256;

    private static final Context.Key<Arrival> KEY = Context.key("fednano-arrival");

    /** Told of a call's bytes. */
    interface Listener {

        /**
         * More is there.
         *
         * @param payload bytes of the message so far
         * @param cost of holding them
         */
        void arrived(long payload, long cost);

        /** A second message begins. */
        void another();
    }

    private long payload;
    private long cost;
    private Listener listener;

    /** Of the call that is just being started, before it asks for its message. */
    static void tell(Listener listener) {
        KEY.get().listener = listener;
    }

    @Override
    public Context filterContext(Context context) {
        return context.withValue(KEY, this);
    }

    @Override
    public void inboundMessage(int number) {
        if (number > 0 && listener != null) {
            listener.another();
        }
    }

    @Override
    public void inboundWireSize(long bytes) {
        payload += bytes;
        cost += bytes + PIECE;
        if (listener != null) {
            listener.arrived(payload, cost);
        }
    }

    /** One for each call. */
    static final class Factory extends ServerStreamTracer.Factory {
        @Override
        public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
            return new Arrival();
        }
    }
}
