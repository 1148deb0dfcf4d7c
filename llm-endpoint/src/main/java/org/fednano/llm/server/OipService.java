package org.fednano.llm.server;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Function;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelMetadataResponse.TensorMetadata;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ModelReadyResponse;
import org.fednano.llm.oip.proto.ServerLiveRequest;
import org.fednano.llm.oip.proto.ServerLiveResponse;
import org.fednano.llm.oip.proto.ServerMetadataRequest;
import org.fednano.llm.oip.proto.ServerMetadataResponse;
import org.fednano.llm.oip.proto.ServerReadyRequest;
import org.fednano.llm.oip.proto.ServerReadyResponse;
import org.fednano.llm.wire.GrpcStatuses;

/**
 * The methods of {@code inference.GRPCInferenceService}. Messages arrive as bytes and are read here, not by gRPC: so a
 * garbled one gets the contract's reason, and a large one is counted before it takes memory.
 */
final class OipService {

    /** Name of the contract, in both metadata answers. */
    static final String CONTRACT = "llmgrad/1";

    private static final String SERVICE = GRPCInferenceServiceGrpc.SERVICE_NAME;

    /** A question of these methods is a name at most. */
    private static final int MOST_QUESTION_BYTES = 1 << 16;

    private OipService() {}

    static ServerServiceDefinition definition(ServerContext desk) {
        // Who balances load or restarts processes has no token: live and ready are open to all.
        return ServerServiceDefinition.builder(SERVICE)
                .addMethod(question(
                        desk,
                        false,
                        GRPCInferenceServiceGrpc.getServerLiveMethod(),
                        ServerLiveRequest.parser(),
                        q -> ServerLiveResponse.newBuilder().setLive(true).build()))
                .addMethod(question(
                        desk,
                        false,
                        GRPCInferenceServiceGrpc.getServerReadyMethod(),
                        ServerReadyRequest.parser(),
                        q -> ServerReadyResponse.newBuilder()
                                .setReady(desk.ready())
                                .build()))
                .addMethod(question(
                        desk, true, GRPCInferenceServiceGrpc.getModelReadyMethod(), ModelReadyRequest.parser(), q -> {
                            desk.requireModel(q.getName());
                            return ModelReadyResponse.newBuilder()
                                    .setReady(desk.ready())
                                    .build();
                        }))
                .addMethod(question(
                        desk,
                        true,
                        GRPCInferenceServiceGrpc.getServerMetadataMethod(),
                        ServerMetadataRequest.parser(),
                        q -> ServerMetadataResponse.newBuilder()
                                .setName("fednano")
                                .setVersion(version())
                                .addExtensions(CONTRACT)
                                .build()))
                .addMethod(question(
                        desk,
                        true,
                        GRPCInferenceServiceGrpc.getModelMetadataMethod(),
                        ModelMetadataRequest.parser(),
                        q -> {
                            desk.requireModel(q.getName());
                            desk.requireReady();
                            return metadata(desk.options(), desk.info());
                        }))
                .addMethod(ServerMethodDefinition.create(
                        unread(GRPCInferenceServiceGrpc.getModelInferMethod()),
                        (call, headers) -> InferCall.start(desk, call, headers)))
                .build();
    }

    /** What this build calls itself; {@code dev} outside a jar. */
    private static String version() {
        String version = OipService.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    private static ModelMetadataResponse metadata(LlmServer.Options options, LlmInfo info) {
        String d = options.type().name();
        String g = options.type().ofGradients().name();
        long h = info.hidden();
        return ModelMetadataResponse.newBuilder()
                .setName(options.modelName())
                .addVersions("1")
                .setPlatform("fednano")
                .addInputs(tensor("ctl", "BYTES", 1))
                .addInputs(tensor("embeds", d, -1, -1, h))
                .addInputs(tensor("mask", "INT32", -1, -1))
                .addInputs(tensor("answers", "INT32", -1, -1))
                .addInputs(tensor("choices", "INT32", -1, -1, -1))
                .addInputs(tensor("ids", "INT32", -1, -1))
                .addOutputs(tensor("out", "BYTES", 1))
                .addOutputs(tensor("emb", d, -1, -1, h))
                .addOutputs(tensor("loss", "FP32", -1))
                // (B) of a loss, (B, C) of a score: the protocol has no way to say either.
                .addOutputs(tensor("n_tokens", "INT32", -1))
                .addOutputs(tensor("grad", g, -1, -1, h))
                .addOutputs(tensor("loglik", "FP32", -1, -1))
                .addOutputs(tensor("tokens", "INT32", -1, -1))
                .putProperties("contract", CONTRACT)
                .build();
    }

    private static TensorMetadata tensor(String name, String type, long... shape) {
        TensorMetadata.Builder tensor =
                TensorMetadata.newBuilder().setName(name).setDatatype(type);
        for (long dimension : shape) {
            tensor.addShape(dimension);
        }
        return tensor.build();
    }

    /** The same method with requests left as bytes. */
    private static <R> MethodDescriptor<InputStream, R> unread(MethodDescriptor<?, R> method) {
        return method.toBuilder(new Unread(), method.getResponseMarshaller()).build();
    }

    /** A method that is answered at once, on the thread that takes it in. */
    private static <Q extends MessageLite, R> ServerMethodDefinition<InputStream, R> question(
            ServerContext desk, boolean token, MethodDescriptor<Q, R> method, Parser<Q> parser, Function<Q, R> answer) {
        return ServerMethodDefinition.create(unread(method), (call, headers) -> {
            call.request(2);
            return new Question<>(call, parser, q -> {
                if (token) {
                    desk.requireToken(headers);
                }
                return answer.apply(q);
            });
        });
    }

    private static final class Question<Q extends MessageLite, R> extends ServerCall.Listener<InputStream> {
        private final ServerCall<InputStream, R> call;
        private final Parser<Q> parser;
        private final Function<Q, R> answer;
        private Q question;
        private LlmException refusal;

        Question(ServerCall<InputStream, R> call, Parser<Q> parser, Function<Q, R> answer) {
            this.call = call;
            this.parser = parser;
            this.answer = answer;
        }

        @Override
        public void onMessage(InputStream message) {
            try {
                question = parser.parseFrom(message.readNBytes(MOST_QUESTION_BYTES));
            } catch (InvalidProtocolBufferException e) {
                refusal = new LlmException(Reason.BAD_REQUEST, "The message cannot be parsed");
            } catch (IOException e) {
                refusal = ErrorMapper.of(e);
            }
        }

        @Override
        public void onHalfClose() {
            try {
                if (refusal != null) {
                    throw refusal;
                }
                LlmException.require(question != null, Reason.BAD_REQUEST, "A call's messages", 1, 0);
                R response = answer.apply(question);
                call.sendHeaders(new Metadata());
                call.sendMessage(response);
                call.close(Status.OK, new Metadata());
            } catch (RuntimeException e) {
                call.close(GrpcStatuses.status(ErrorMapper.of(e)).getStatus(), new Metadata());
            }
        }
    }

    /** Answers any other method with the contract's reason. */
    static HandlerRegistry unknownMethods() {
        return new HandlerRegistry() {
            @Override
            public List<ServerServiceDefinition> getServices() {
                return List.of();
            }

            @Override
            public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
                MethodDescriptor<InputStream, InputStream> method = MethodDescriptor.newBuilder(
                                new Unread(), new Unread())
                        .setType(MethodDescriptor.MethodType.UNKNOWN)
                        .setFullMethodName(name)
                        .build();
                return ServerMethodDefinition.create(method, (call, headers) -> {
                    LlmException unknown =
                            new LlmException(Reason.UNKNOWN_OP, "The method must be one of " + SERVICE + "'s six");
                    call.close(GrpcStatuses.status(unknown).getStatus(), new Metadata());
                    return new ServerCall.Listener<>() {};
                });
            }
        };
    }

    /** A message as it arrives. */
    private static final class Unread implements MethodDescriptor.Marshaller<InputStream> {
        @Override
        public InputStream stream(InputStream value) {
            return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
            return stream;
        }
    }
}
