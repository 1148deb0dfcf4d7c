package org.fednano.llm.client;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelMetadataResponse.TensorMetadata;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ModelReadyResponse;
import org.fednano.llm.oip.proto.ServerLiveRequest;
import org.fednano.llm.oip.proto.ServerLiveResponse;
import org.fednano.llm.oip.proto.ServerReadyRequest;
import org.fednano.llm.oip.proto.ServerReadyResponse;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.RequestReader;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.WireType;

/** A server of the contract over a real socket that misbehaves as told. */
public final class FakeOipServer extends GRPCInferenceServiceImplBase implements AutoCloseable {

    /** What goes wrong with a request. */
    public interface Script {
        /** Null: answered as usual. */
        Status failure(LlmCall<?> call) throws InterruptedException;
    }

    /** Operations that came, in order, without info and those of hand-shakes. */
    public final List<LlmCall<?>> calls = new CopyOnWriteArrayList<>();

    /** Connections that are open now. */
    public final AtomicInteger connections = new AtomicInteger();

    public volatile Script script = call -> null;
    public volatile boolean ready = true;
    /** Takes calls and never answers them, as a machine that has vanished. */
    public volatile boolean silent;

    public volatile LlmInfo info;
    public volatile String token;
    public volatile Metadata headers;
    public volatile String datatype;

    private final FrozenLlm llm;
    private final WireType type;
    private final ServerCredentials credentials;
    private Server server;
    private int port;

    public FakeOipServer(FrozenLlm llm, WireType type) {
        this(llm, type, io.grpc.InsecureServerCredentials.create());
    }

    public FakeOipServer(FrozenLlm llm, WireType type, ServerCredentials credentials) {
        this.llm = llm;
        this.type = type;
        this.credentials = credentials;
        datatype = type.name();
        info = llm.info();
        start();
    }

    /** On the port that it had before, or on a free one. */
    public void start() {
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port), credentials)
                    .addService(this)
                    .intercept(new Door())
                    .addTransportFilter(new ServerTransportFilter() {
                        @Override
                        public Attributes transportReady(Attributes attributes) {
                            connections.incrementAndGet();
                            return attributes;
                        }

                        @Override
                        public void transportTerminated(Attributes attributes) {
                            connections.decrementAndGet();
                        }
                    })
                    .maxInboundMessageSize(64 << 20)
                    .build()
                    .start();
            port = server.getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Dies: connections drop. */
    public void die() {
        server.shutdownNow();
        try {
            server.awaitTermination();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        die();
    }

    public String address() {
        return "grpc://127.0.0.1:" + port;
    }

    public static LlmInfo with(LlmInfo info, String fingerprint, LlmInfo.Limits limits) {
        return new LlmInfo(
                info.name(),
                fingerprint,
                info.hidden(),
                info.vocabulary(),
                info.layers(),
                info.dtype(),
                limits,
                info.probe());
    }

    private final class Door implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata got, ServerCallHandler<Q, A> next) {
            headers = got;
            if (silent) {
                return new ServerCall.Listener<>() {};
            }
            String sent = got.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER));
            if (token != null && !("Bearer " + token).equals(sent)) {
                // A bad server: it quotes what it was sent.
                call.close(Status.UNAUTHENTICATED.withDescription("LLMGRAD:AUTH not known: " + sent), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, got);
        }
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> to) {
        answer(to, () -> ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> to) {
        answer(to, () -> ServerReadyResponse.newBuilder().setReady(ready).build());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> to) {
        answer(to, () -> ModelReadyResponse.newBuilder().setReady(ready).build());
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> to) {
        String gradients = WireType.valueOf(datatype).ofGradients().name();
        answer(to, () -> {
            model(request.getName());
            ModelMetadataResponse.Builder metadata =
                    ModelMetadataResponse.newBuilder().setName("frozen_llm");
            Map.of("ctl", "BYTES", "mask", "INT32", "answers", "INT32", "choices", "INT32", "ids", "INT32")
                    .forEach((name, dtype) -> metadata.addInputs(tensor(name, dtype, -1)));
            metadata.addInputs(tensor("embeds", datatype, -1, -1, info.hidden()));
            Map.of("out", "BYTES", "loss", "FP32", "n_tokens", "INT32", "loglik", "FP32", "tokens", "INT32")
                    .forEach((name, dtype) -> metadata.addOutputs(tensor(name, dtype, -1)));
            metadata.addOutputs(tensor("emb", datatype, -1, -1, info.hidden()));
            metadata.addOutputs(tensor("grad", gradients, -1, -1, info.hidden()));
            return metadata.build();
        });
    }

    private static TensorMetadata tensor(String name, String dtype, long... shape) {
        TensorMetadata.Builder tensor =
                TensorMetadata.newBuilder().setName(name).setDatatype(dtype);
        for (long dim : shape) {
            tensor.addShape(dim);
        }
        return tensor.build();
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> to) {
        answer(to, () -> {
            model(request.getModelName());
            RequestReader.Received got = RequestReader.read(request, type, info);
            LlmException.require(
                    got.fingerprint() == null || got.fingerprint().equals(info.fingerprint()),
                    Reason.FINGERPRINT,
                    "fp",
                    info.fingerprint(),
                    got.fingerprint());
            if (got.call() == null) {
                return Responses.info("frozen_llm", info);
            }
            calls.add(got.call());
            try {
                Status failure = script.failure(got.call());
                if (failure != null) {
                    throw failure.asRuntimeException();
                }
            } catch (InterruptedException e) {
                throw Status.CANCELLED.asRuntimeException();
            }
            LlmException.require(
                    got.call().tokens() <= info.limits().tokens(),
                    Reason.TOO_LARGE,
                    "tokens",
                    info.limits().tokens(),
                    got.call().tokens());
            return Responses.of("frozen_llm", info, got, got.call().on(llm), type);
        });
    }

    private static void model(String name) {
        LlmException.require(name.equals("frozen_llm"), Reason.NO_MODEL, "The model", "frozen_llm", "another");
    }

    private static <T> void answer(StreamObserver<T> to, Supplier<T> answer) {
        T message;
        try {
            message = answer.get();
        } catch (LlmException e) {
            to.onError(GrpcStatuses.status(e));
            return;
        } catch (StatusRuntimeException e) {
            to.onError(e);
            return;
        }
        to.onNext(message);
        to.onCompleted();
    }
}
