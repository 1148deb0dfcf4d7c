package org.fednano.llm.server;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.WireType;

/** A plain gRPC client of a server under test, without any of the real client's rules. */
public final class Caller implements AutoCloseable {

    public static final String MODEL = "frozen_llm";

    final ManagedChannel channel;

    public Caller(int port) {
        this(port, InsecureChannelCredentials.create());
    }

    Caller(int port, ChannelCredentials credentials) {
        channel = NettyChannelBuilder.forAddress("localhost", port, credentials)
                .maxInboundMessageSize(1 << 30)
                .flowControlWindow(64 << 20)
                .disableRetry()
                .build();
    }

    /** The answer to a call, or the contract's reason. */
    public <R> R ask(LlmCall<R> call, LlmInfo info, WireType type, CallOptions options) {
        ModelInferResponse response = infer(Requests.of(MODEL, info.fingerprint(), call, type), options);
        return Responses.read(response, call, info.fingerprint(), info.hidden(), type);
    }

    public <R> R ask(LlmCall<R> call, LlmInfo info) {
        return ask(call, info, WireType.FP32, CallOptions.DEFAULT);
    }

    public LlmInfo info() {
        return Responses.readInfo(infer(Requests.info(MODEL, null), CallOptions.DEFAULT));
    }

    public ModelInferResponse infer(ModelInferRequest request, CallOptions options) {
        return unary(GRPCInferenceServiceGrpc.getModelInferMethod(), request, options);
    }

    ListenableFuture<ModelInferResponse> inferLater(ModelInferRequest request) {
        return ClientCalls.futureUnaryCall(
                channel.newCall(GRPCInferenceServiceGrpc.getModelInferMethod(), CallOptions.DEFAULT), request);
    }

    public <Q, R> R unary(MethodDescriptor<Q, R> method, Q request) {
        return unary(method, request, CallOptions.DEFAULT);
    }

    private <Q, R> R unary(MethodDescriptor<Q, R> method, Q request, CallOptions options) {
        try {
            return ClientCalls.blockingUnaryCall(
                    channel, method, options.withDeadlineAfter(60, TimeUnit.SECONDS), request);
        } catch (StatusRuntimeException e) {
            throw GrpcStatuses.read(e);
        }
    }

    /** Sends any bytes as the message of any method. */
    byte[] bytes(String method, byte[] message, String token) {
        try {
            return ClientCalls.blockingUnaryCall(
                    token == null ? channel : ClientInterceptors.intercept(channel, bearer(token)),
                    raw(method),
                    CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
                    message);
        } catch (StatusRuntimeException e) {
            throw GrpcStatuses.read(e);
        }
    }

    static io.grpc.ClientInterceptor bearer(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    static MethodDescriptor<byte[], byte[]> raw(String method) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(method)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    static LlmException refused(Runnable call) {
        return org.junit.jupiter.api.Assertions.assertThrows(LlmException.class, call::run);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
