package org.fednano.llm.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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
import org.fednano.llm.wire.RequestReader;
import org.fednano.llm.wire.Responses;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request from its first byte to its last. Who may not call is refused before a byte of the message is read; then the
 * bytes are counted as they come. A reader thread takes the whole message; a small one is checked there, so that a wrong
 * one and {@code info} are answered at once, however long the queue. Everything else waits for a worker as bytes, and
 * becomes arrays only when its turn has come. It counts as held until it is computed and its answer has left.
 *
 * <p>Its listener's methods run on the network's thread: none of them waits or reads.
 */
final class InferCall extends ServerCall.Listener<Body> implements Runnable, Arrival.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(LlmServer.class);

    private final ServerContext desk;
    private final ServerCall<Body, ModelInferResponse> call;
    private final Metadata headers;
    private final Context context = Context.current();
    private final AtomicBoolean told = new AtomicBoolean();

    /** Both must have ended before a held request is no longer held. */
    private final AtomicBoolean workEnded = new AtomicBoolean();

    private final AtomicBoolean connectionEnded = new AtomicBoolean();

    private final AtomicReference<Body> body = new AtomicReference<>();
    private Future<?> patience;
    private boolean receiving;
    private ByteString message;
    private LlmInfo info;
    private RequestReader.Received request;
    private String shapes = "";
    private Admission.Holding holding;
    private long messageBytes;
    private volatile long queuedAt;
    private double queueSeconds;
    private String id = "";
    private double computeSeconds;
    private boolean computed;

    private InferCall(ServerContext desk, ServerCall<Body, ModelInferResponse> call, Metadata headers) {
        this.desk = desk;
        this.call = call;
        this.headers = headers;
    }

    static ServerCall.Listener<Body> start(
            ServerContext desk, ServerCall<Body, ModelInferResponse> call, Metadata headers) {
        InferCall started = new InferCall(desk, call, headers);
        try {
            // Before the message: what is refused need not be sent.
            desk.requireToken(call, headers);
            desk.requireReady();
            desk.backend().admit(headers);
            started.receive();
        } catch (RuntimeException e) {
            started.fail(e);
        }
        return started;
    }

    private void receive() {
        holding = desk.admission().hold(Connections.of(call).share());
        holding.grow(0);
        Arrival.tell(this);
        patience = desk.timer()
                .schedule(this::tooSlow, desk.options().load().arrival().toMillis(), TimeUnit.MILLISECONDS);
        call.request(2);
    }

    private void tooSlow() {
        refuse(new LlmException(
                Reason.BUSY,
                "The message is not there in time: expected within "
                        + desk.options().load().arrival().toSeconds() + " s"));
    }

    @Override
    public void arrived(long payload, long cost) {
        if (!told.get()) {
            try {
                requireFits(payload);
                holding.grow(cost);
            } catch (LlmException e) {
                refuse(e);
            }
        }
    }

    @Override
    public void another() {
        refuse(new LlmException(Reason.BAD_REQUEST, "A call's messages: expected 1, got more"));
    }

    private void refuse(LlmException refusal) {
        fail(refusal);
        end(workEnded);
    }

    @Override
    public void onMessage(Body message) {
        Body before = body.getAndSet(message);
        if (before != null) { // two messages where one is allowed
            before.close();
        }
        if (told.get()) {
            drop();
        }
    }

    /** What nobody will read. */
    private void drop() {
        Body unread = body.getAndSet(null);
        if (unread != null) {
            unread.close();
        }
    }

    @Override
    public void onHalfClose() {
        patience.cancel(false);
        if (!told.get()) {
            receiving = true;
            desk.readers().execute(this::read);
        }
    }

    /** A reader's turn. */
    private void read() {
        boolean queued = false;
        try (Body whole = body.getAndSet(null)) {
            if (gone()) {
                left();
                return;
            }
            LlmException.require(whole != null, Reason.BAD_REQUEST, "A call's messages", 1, 0);
            take(whole);
            if (messageBytes <= Admission.SMALL) {
                parse();
                if (request.call() == null) {
                    answer(ofItself());
                    return;
                }
                if (RequestReader.isSecond(request.op())) {
                    // The features that it found are not to be held while it waits.
                    request = null;
                }
            }
            holding.enter(messageBytes);
            queuedAt = System.nanoTime();
            desk.workers().execute(this);
            queued = true;
        } catch (IOException | RuntimeException | Error e) {
            fail(e);
        } finally {
            if (!queued) {
                end(workEnded);
            }
        }
    }

    private void take(Body whole) throws IOException {
        int most = (int) desk.options().limits().messageBytes();
        requireFits(whole.size());
        if (whole.packed()) {
            // Counted as the largest there may be until it is unpacked.
            holding.grow(most);
        }
        byte[] bytes;
        try (InputStream stream = whole.open()) {
            bytes = stream.readNBytes(whole.packed() ? most : whole.size());
            requireFits(whole.packed() && stream.read() >= 0 ? most + 1L : bytes.length);
        } catch (IOException e) {
            throw new LlmException(Reason.BAD_REQUEST, "The message cannot be unpacked", e);
        }
        message = UnsafeByteOperations.unsafeWrap(bytes);
        messageBytes = bytes.length;
        holding.become(messageBytes);
    }

    private void requireFits(long size) {
        long most = desk.options().limits().messageBytes();
        LlmException.require(
                size <= most,
                Reason.TOO_LARGE,
                "A message's bytes must be within the limit, unpacked",
                "at most " + most,
                size > most + 1 ? size : "more");
    }

    @Override
    public void onCancel() {
        boolean taken = desk.workers().remove(this);
        if (taken) {
            queueSeconds = seconds(queuedAt);
        }
        // Nobody is at it yet; else that reader or worker sees that nobody waits, and ends it.
        if (taken || !receiving) {
            left();
            end(workEnded);
        }
        drop();
        ended();
    }

    @Override
    public void onComplete() {
        drop();
        ended();
    }

    private void ended() {
        if (patience != null) {
            patience.cancel(false);
        }
        end(connectionEnded);
    }

    private void end(AtomicBoolean part) {
        AtomicBoolean other = part == workEnded ? connectionEnded : workEnded;
        // Of two that end at once the later one sees the earlier: one of them leaves, never both.
        synchronized (told) {
            if (part.compareAndSet(false, true) && other.get() && holding != null) {
                holding.leave();
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
            parse();
        }
        message = null; // now it is arrays
        if (request.call() == null) {
            answer(ofItself());
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

    /** What the LLM is not asked for. */
    private ModelInferResponse ofItself() {
        String model = desk.options().modelName();
        return request.store() == null
                ? Responses.info(model, desk.info(headers))
                : Responses.store(model, info, request, desk.features(headers).answer(request.store()));
    }

    private void parse() {
        ModelInferRequest parsed = RequestReader.parse(message);
        id = parsed.getId();
        shapes = RequestReader.shapes(parsed);
        desk.requireModel(parsed.getModelName());
        info = desk.info();
        request = RequestReader.read(parsed, desk.options().type(), info, desk.features(headers));
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
            // A caller who asks and does not listen holds as much as one who sends.
            holding.answered(bytes);
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
                long leftOut = desk.traces().pass(refusal.reason(), System.nanoTime());
                if (leftOut >= 0) {
                    LOG.warn(
                            "A request failed in the server ({} more since the last such line): {}",
                            leftOut,
                            ErrorMapper.trace(failure));
                }
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
