package org.fednano.llm.check;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.oip.proto.ModelInferResponse.InferOutputTensor;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ModelReadyResponse;
import org.fednano.llm.oip.proto.ServerLiveRequest;
import org.fednano.llm.oip.proto.ServerLiveResponse;
import org.fednano.llm.oip.proto.ServerReadyRequest;
import org.fednano.llm.oip.proto.ServerReadyResponse;

/** A sound server with a fault: it stands before the server and changes what goes to it or comes from it. */
final class FakeFaultyEndpoint extends GRPCInferenceServiceImplBase implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ManagedChannel channel;
    private final GRPCInferenceServiceBlockingStub sound;
    private final UnaryOperator<ModelInferRequest> there;
    private final UnaryOperator<ModelInferResponse> back;
    private final Server server;

    FakeFaultyEndpoint(int port, UnaryOperator<ModelInferRequest> there, UnaryOperator<ModelInferResponse> back) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
        sound = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        this.there = there;
        this.back = back;
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                    .addService(this)
                    .maxInboundMessageSize(64 << 20)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String address() {
        return "grpc://127.0.0.1:" + server.getPort();
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> to) {
        pass(to, () -> sound.serverLive(request));
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> to) {
        pass(to, () -> sound.serverReady(request));
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> to) {
        pass(to, () -> sound.modelReady(request));
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> to) {
        pass(to, () -> sound.modelMetadata(request));
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> to) {
        pass(to, () -> back.apply(sound.modelInfer(there.apply(request))));
    }

    private static <T> void pass(StreamObserver<T> to, Supplier<T> answer) {
        try {
            to.onNext(answer.get());
            to.onCompleted();
        } catch (StatusRuntimeException e) {
            to.onError(e);
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
        channel.shutdownNow();
    }

    /** {@code ctl} of a request. */
    static ObjectNode control(ModelInferRequest request) {
        try {
            return (ObjectNode) JSON.readTree(raw(request, "ctl").substring(4).toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean isSecond(ModelInferRequest request) {
        return control(request).path("v").asInt() == 2;
    }

    static String op(ModelInferRequest request) {
        return control(request).path("op").asText();
    }

    /** The same request, of the second version, with another {@code ctl}. */
    static ModelInferRequest controlled(ModelInferRequest request, Consumer<ObjectNode> change) {
        ObjectNode control = control(request);
        if (control.path("v").asInt() != 2) {
            return request;
        }
        change.accept(control);
        byte[] text = control.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer raw = ByteBuffer.allocate(4 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        return with(
                request,
                "ctl",
                ByteString.copyFrom(raw.putInt(text.length).put(text).flip()));
    }

    /** Bytes of an input tensor; null if there is none. */
    static ByteString raw(ModelInferRequest request, String name) {
        int at = at(request, name);
        return at < 0 ? null : request.getRawInputContents(at);
    }

    static ModelInferRequest with(ModelInferRequest request, String name, ByteString raw) {
        int at = at(request, name);
        return request.toBuilder().setRawInputContents(at, raw).build();
    }

    /** The same answer with other values of a FP32 tensor, if it has that. */
    static ModelInferResponse floats(ModelInferResponse response, String name, Consumer<float[]> change) {
        int at = response.getOutputsList().stream()
                .map(InferOutputTensor::getName)
                .toList()
                .indexOf(name);
        if (at < 0) {
            return response;
        }
        FloatBuffer values = response.getRawOutputContents(at)
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        float[] changed = new float[values.remaining()];
        values.get(changed);
        change.accept(changed);
        ByteBuffer raw = ByteBuffer.allocate(4 * changed.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(changed);
        return response.toBuilder()
                .setRawOutputContents(at, ByteString.copyFrom(raw))
                .build();
    }

    private static int at(ModelInferRequest request, String name) {
        return request.getInputsList().stream()
                .map(InferInputTensor::getName)
                .toList()
                .indexOf(name);
    }
}
