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
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelMetadataResponse.TensorMetadata;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ModelReadyResponse;
import org.fednano.llm.oip.proto.ServerLiveResponse;
import org.fednano.llm.oip.proto.ServerMetadataRequest;
import org.fednano.llm.oip.proto.ServerMetadataResponse;
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

    private OipService() {}

    static ServerServiceDefinition definition(ServerContext desk) {
        // Who balances load or restarts processes has no token: live and ready are open to all.
        return ServerServiceDefinition.builder(SERVICE)
                .addMethod(health(
                        GRPCInferenceServiceGrpc.getServerLiveMethod(),
                        () -> ServerLiveResponse.newBuilder().setLive(true).build()))
                .addMethod(
                        health(GRPCInferenceServiceGrpc.getServerReadyMethod(), () -> ServerReadyResponse.newBuilder()
                                .setReady(desk.ready())
                                .build()))
                .addMethod(question(
                        desk, GRPCInferenceServiceGrpc.getModelReadyMethod(), ModelReadyRequest.parser(), q -> {
                            desk.requireModel(q.getName());
                            return ModelReadyResponse.newBuilder()
                                    .setReady(desk.ready())
                                    .build();
                        }))
                .addMethod(question(
                        desk,
                        GRPCInferenceServiceGrpc.getServerMetadataMethod(),
                        ServerMetadataRequest.parser(),
                        q -> ServerMetadataResponse.newBuilder()
                                .setName("fednano")
                                .setVersion(version())
                                .addExtensions(CONTRACT)
                                .build()))
                .addMethod(question(
                        desk, GRPCInferenceServiceGrpc.getModelMetadataMethod(), ModelMetadataRequest.parser(), q -> {
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

    /** The same method with requests left as they came. */
    private static <R> MethodDescriptor<Body, R> unread(MethodDescriptor<?, R> method) {
        return method.toBuilder(new Body.Marshaller(), method.getResponseMarshaller())
                .build();
    }

    /** A method without a question, answered to anybody; nothing that its caller sends is read. */
    private static <R> ServerMethodDefinition<Body, R> health(MethodDescriptor<?, R> method, Supplier<R> answer) {
        return ServerMethodDefinition.create(unread(method), (call, headers) -> {
            answer(call, answer.get());
            return new ServerCall.Listener<>() {};
        });
    }

    /** A method that is answered at once. */
    private static <Q extends MessageLite, R> ServerMethodDefinition<Body, R> question(
            ServerContext desk, MethodDescriptor<Q, R> method, Parser<Q> parser, Function<Q, R> answer) {
        return ServerMethodDefinition.create(unread(method), (call, headers) -> {
            Question<Q, R> question = new Question<>(desk, call, parser, answer);
            try {
                desk.requireToken(call, headers);
                question.holding.grow(0);
                Arrival.tell(question);
                call.request(2);
            } catch (RuntimeException e) {
                question.refuse(e);
            }
            return question;
        });
    }

    private static <R> void answer(ServerCall<?, R> call, R response) {
        call.sendHeaders(new Metadata());
        call.sendMessage(response);
        call.close(Status.OK, new Metadata());
    }

    private static final class Question<Q extends MessageLite, R> extends ServerCall.Listener<Body>
            implements Arrival.Listener {
        private final ServerCall<Body, R> call;
        private final Parser<Q> parser;
        private final Function<Q, R> answer;
        private final Admission.Holding holding;
        private Q question;
        private boolean told;

        Question(ServerContext desk, ServerCall<Body, R> call, Parser<Q> parser, Function<Q, R> answer) {
            this.call = call;
            this.parser = parser;
            this.answer = answer;
            holding = desk.admission().hold(Connections.of(call).share());
        }

        @Override
        public void arrived(long payload, long cost) {
            try {
                LlmException.require(
                        cost <= Admission.SMALL, Reason.TOO_LARGE, "A question's bytes", Admission.SMALL, "more");
                holding.grow(cost);
            } catch (LlmException e) {
                refuse(e);
            }
        }

        @Override
        public void another() {
            refuse(new LlmException(Reason.BAD_REQUEST, "A call's messages: expected 1, got more"));
        }

        @Override
        public void onMessage(Body body) {
            try (body) {
                LlmException.require(!body.packed(), Reason.BAD_REQUEST, "A question's packing", "none", "gzip");
                question = parser.parseFrom(body.open());
            } catch (InvalidProtocolBufferException e) {
                refuse(new LlmException(Reason.BAD_REQUEST, "The message cannot be parsed"));
            } catch (IOException | RuntimeException e) {
                refuse(e);
            }
        }

        @Override
        public void onHalfClose() {
            if (told) {
                return;
            }
            try {
                LlmException.require(question != null, Reason.BAD_REQUEST, "A call's messages", 1, 0);
                R response = answer.apply(question);
                told = true;
                answer(call, response);
            } catch (RuntimeException e) {
                refuse(e);
            }
        }

        @Override
        public void onCancel() {
            holding.leave();
        }

        @Override
        public void onComplete() {
            holding.leave();
        }

        private void refuse(Exception failure) {
            if (!told) {
                told = true;
                call.close(GrpcStatuses.status(ErrorMapper.of(failure)).getStatus(), new Metadata());
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
                MethodDescriptor<Body, Body> method = MethodDescriptor.newBuilder(
                                new Body.Marshaller(), new Body.Marshaller())
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
}
