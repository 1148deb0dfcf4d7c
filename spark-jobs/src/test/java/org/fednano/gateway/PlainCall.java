package org.fednano.gateway;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;

/** A call to a gateway's port as any gRPC client makes it, without the rules of {@link GatewayClient}. */
final class PlainCall {

    private PlainCall() {}

    static ModelInferResponse infer(
            GatewayAddress.Network gateway, GatewayHeaders who, String token, ModelInferRequest request) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(gateway.host(), gateway.port())
                .usePlaintext()
                .build();
        try {
            return infer(channel, headers(who, token), request);
        } finally {
            channel.shutdownNow();
        }
    }

    static ModelInferResponse infer(ManagedChannel channel, Metadata headers, ModelInferRequest request) {
        return ClientCalls.blockingUnaryCall(
                ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                GRPCInferenceServiceGrpc.getModelInferMethod(),
                CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
                request);
    }

    static Metadata headers(GatewayHeaders who, String token) {
        Metadata headers = new Metadata();
        who.map().forEach((name, value) -> headers.put(key(name), value));
        headers.put(key("authorization"), "Bearer " + token);
        return headers;
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }
}
