package org.fednano.llm.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Context;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.server.CallListener.Ended;
import org.fednano.llm.server.CallListener.Outcome;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request from its first byte to its last. A reader thread takes it in; a small one is checked there, so that a wrong
 * one and {@code info} are answered at once, however long the queue. Everything else waits for a worker as bytes, and
 * becomes arrays only when its turn has come. It counts as held until it is computed and its answer has left.
 */
final class InferCall extends ServerCall.Listener<InputStream> implements Runnable {

    /** Small enough to be read before it is let in: what the readers hold so is not counted. */
    private static final int SMALL = 1 << 16;

    private static final Logger LOG = LoggerFactory.getLogger(LlmServer.class);

    private final ServerContext desk;
    private final ServerCall<InputStream, ModelInferResponse> call;
    private final Metadata headers;
    private final Context context = Context.current();
    private final AtomicBoolean told = new AtomicBoolean();

    /** Both must have ended before a held request is no longer held. */
    private final AtomicBoolean workEnded = new AtomicBoolean();

    private final AtomicBoolean connectionEnded = new AtomicBoolean();

    private ByteString message;
    private LlmInfo info;
    private Requests.Received request;
    private String shapes = "";
    private volatile boolean held;
    private long heldBytes;
    private long messageBytes;
    private long queuedAt;
    private double queueSeconds;
    private String id = "";
    private double computeSeconds;
    private boolean computed;

    private InferCall(ServerContext desk, ServerCall<InputStream, ModelInferResponse> call, Metadata headers) {
        this.desk = desk;
        this.call = call;
        this.headers = headers;
    }

    static ServerCall.Listener<InputStream> start(
            ServerContext desk, ServerCall<InputStream, ModelInferResponse> call, Metadata headers) {
        InferCall started = new InferCall(desk, call, headers);
        try {
            // Before the message: what is refused need not be sent.
            desk.requireToken(headers);
            desk.requireReady();
            desk.backend().admit(headers);
            call.request(2);
        } catch (RuntimeException e) {
            started.fail(e);
        }
        return started;
    }

    @Override
    public void onMessage(InputStream stream) {
        if (told.get()) {
            return;
        }
        try {
            LlmException.require(message == null, Reason.BAD_REQUEST, "A call's messages", 1, "more");
            take(stream);
        } catch (IOException | RuntimeException | Error e) {
            fail(e);
            end(workEnded);
        }
    }

    private void take(InputStream stream) throws IOException {
        int most = (int) desk.options().limits().messageBytes();
        // A compressed message does not know its length: it is counted as the largest until it is read.
        int size = stream instanceof KnownLength ? stream.available() : most;
        requireFits(size, most);
        if (size > SMALL) {
            enter(size);
        }
        byte[] bytes;
        try {
            bytes = stream.readNBytes(most);
            requireFits(stream.read() < 0 ? bytes.length : most + 1L, most);
        } catch (IOException e) {
            throw new LlmException(Reason.BAD_REQUEST, "The message cannot be unpacked", e);
        }
        message = UnsafeByteOperations.unsafeWrap(bytes);
        messageBytes = bytes.length;
        if (held) {
            desk.admission().resize(heldBytes, message.size());
            heldBytes = message.size();
        }
    }

    private static void requireFits(long size, int most) {
        LlmException.require(
                size <= most,
                Reason.TOO_LARGE,
                "A message's bytes must be within the limit, unpacked",
                "at most " + most,
                size > most + 1L ? size : "more");
    }

    private void enter(long size) {
        desk.admission().enter(size);
        heldBytes = size;
        held = true;
    }

    @Override
    public void onHalfClose() {
        if (told.get()) {
            return;
        }
        try {
            LlmException.require(message != null, Reason.BAD_REQUEST, "A call's messages", 1, 0);
            if (!held) {
                read();
                if (request.call() == null) {
                    answer(Responses.info(desk.options().modelName(), desk.info(headers)));
                    return;
                }
                enter(message.size());
            }
            queuedAt = System.nanoTime();
            desk.workers().execute(this);
        } catch (RuntimeException | Error e) {
            fail(e);
            end(workEnded);
        }
    }

    @Override
    public void onCancel() {
        boolean taken = desk.workers().remove(this);
        if (taken) {
            queueSeconds = seconds(queuedAt);
        }
        // Not computed if no worker has begun; else that worker sees that nobody waits, and ends it.
        if (taken || queuedAt == 0) {
            left();
            end(workEnded);
        }
        end(connectionEnded);
    }

    @Override
    public void onComplete() {
        end(connectionEnded);
    }

    private void end(AtomicBoolean part) {
        AtomicBoolean other = part == workEnded ? connectionEnded : workEnded;
        // Of two that end at once the later one sees the earlier: one of them leaves, never both.
        synchronized (told) {
            if (part.compareAndSet(false, true) && other.get() && held) {
                desk.admission().leave(heldBytes);
            }
        }
    }

    /** A worker's turn. */
    @Override
    public void run() {
        queueSeconds = seconds(queuedAt);
        desk.running().incrementAndGet();
        try {
            if (gone()) {
                left();
                return;
            }
            context.run(this::compute);
        } catch (RuntimeException | Error e) {
            if (gone()) {
                left();
            }
            fail(e); // says nothing more to who has left
        } finally {
            desk.running().decrementAndGet();
            request = null; // its arrays must not stay until a slow reader has its answer
            end(workEnded);
        }
    }

    private void compute() {
        if (request == null) {
            read();
        }
        message = null; // now it is arrays
        if (request.call() == null) {
            answer(Responses.info(desk.options().modelName(), desk.info(headers)));
            return;
        }
        FrozenLlm llm = desk.backend().llm(headers);
        long begin = System.nanoTime();
        Object answer;
        try {
            answer = request.call().on(llm);
            computed = true;
        } finally {
            computeSeconds = seconds(begin);
        }
        if (gone()) {
            left();
            return;
        }
        answer(Responses.of(
                desk.options().modelName(),
                info,
                request,
                answer,
                desk.options().type()));
    }

    private void read() {
        ModelInferRequest parsed = Requests.parse(message);
        id = parsed.getId();
        shapes = Requests.shapes(parsed);
        desk.requireModel(parsed.getModelName());
        info = desk.info();
        request = Requests.read(parsed, desk.options().type(), info);
    }

    private boolean gone() {
        return call.isCancelled() || context.isCancelled();
    }

    /** The caller's own id goes back with the answer, by which it may tell its calls apart. */
    private void answer(ModelInferResponse unnamed) {
        ModelInferResponse response = unnamed.toBuilder().setId(id).build();
        int bytes = response.getSerializedSize();
        LlmException.require(
                bytes <= desk.options().limits().messageBytes(),
                Reason.TOO_LARGE,
                "The answer's bytes",
                "at most " + desk.options().limits().messageBytes(),
                bytes);
        if (told.compareAndSet(false, true)) {
            call.sendHeaders(new Metadata());
            call.sendMessage(response);
            call.close(Status.OK, new Metadata());
            tell(Outcome.OK, null, null, bytes);
        }
    }

    private void fail(Throwable failure) {
        if (told.compareAndSet(false, true)) {
            LlmException refusal = ErrorMapper.of(failure);
            if (refusal.reason() == Reason.INTERNAL || refusal.reason() == Reason.OOM) {
                LOG.warn("A request failed in the server: {}", ErrorMapper.trace(failure));
            }
            call.close(GrpcStatuses.status(refusal).getStatus(), new Metadata());
            tell(Outcome.FAILED, refusal.reason(), refusal.getMessage(), 0);
        }
    }

    private void left() {
        if (told.compareAndSet(false, true)) {
            tell(Outcome.LEFT, null, null, 0);
        }
    }

    private void tell(Outcome outcome, Reason reason, String text, long responseBytes) {
        LlmCall<?> asked = request == null ? null : request.call();
        desk.options()
                .listener()
                .ended(new Ended(
                        request == null ? "unread" : request.op(),
                        outcome,
                        reason,
                        text,
                        shapes,
                        computed ? asked.samples() : 0,
                        computed ? asked.realTokens() : 0,
                        computed ? asked.tokens() : 0,
                        messageBytes,
                        responseBytes,
                        queueSeconds,
                        computeSeconds));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
