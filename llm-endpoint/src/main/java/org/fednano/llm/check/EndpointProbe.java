package org.fednano.llm.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.client.EndpointAddress;
import org.fednano.llm.client.EndpointConnection;
import org.fednano.llm.client.EndpointHandshake;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.client.OipOptions.Handshake;
import org.fednano.llm.client.ServedModel;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.StoreCall;
import org.fednano.llm.wire.Tensors;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.llm.wire.WireType;

/**
 * One endpoint asked piece by piece, and with requests that are wrong on purpose: for those who judge a server. Methods
 * throw {@link LlmException} with what it answered.
 */
final class EndpointProbe implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int BUSY_TRIES = 5;
    private static final Duration BUSY_WAIT = Duration.ofSeconds(1);

    private final OipOptions options;
    private final EndpointConnection link;

    private EndpointProbe(OipOptions options) {
        this.options = options;
        link = new EndpointConnection(EndpointAddress.of(options.addresses().get(0)), options);
    }

    /** For the first of the addresses. */
    static EndpointProbe open(OipOptions options) {
        return new EndpointProbe(options);
    }

    /** Its address. */
    String address() {
        return link.address().toString();
    }

    /** Whether the server says that it lives. */
    boolean live() {
        return link.live();
    }

    /** Whether the server says that it is ready. */
    boolean ready() {
        return link.ready();
    }

    /** Whether the server says that the model is ready. */
    boolean modelReady() {
        return link.modelReady();
    }

    /** The answer to {@code info}. */
    LlmInfo info() {
        return ServedModel.info(link, options.modelName());
    }

    /**
     * D, from the metadata.
     *
     * @throws LlmException BAD_REQUEST if names, dtypes or H are not the contract's
     */
    WireType wireType(LlmInfo info) {
        var metadata = link.metadata();
        return link.named("ModelMetadata", () -> ServedModel.type(metadata, info.hidden()));
    }

    /** The hand-shake that a run begins with. */
    void handshake() {
        EndpointHandshake.greet(link, options.withHandshake(Handshake.FULL));
    }

    /** A request that is right, to be made wrong. */
    Crafted crafted(LlmCall<?> call, LlmInfo info, WireType type) {
        return new Crafted(Requests.of(options.modelName(), info.fingerprint(), call, type), type);
    }

    /** The same with features and codes, of a run. */
    Crafted crafted(LlmCall<?> call, LlmInfo info, WireType type, String run) {
        return new Crafted(Requests.of(options.modelName(), info.fingerprint(), call, type, run), type);
    }

    /** A request to the store of features that is right, to be made wrong. */
    Crafted crafted(StoreCall call, LlmInfo info, WireType type) {
        return new Crafted(Requests.store(options.modelName(), info.fingerprint(), call), type);
    }

    /** What the store says of features. */
    boolean[] held(StoreCall call, LlmInfo info, int features) {
        var answer = link.infer(Requests.store(options.modelName(), info.fingerprint(), call), call.toString());
        return link.named(call.toString(), () -> Responses.readHeld(answer, info.fingerprint(), features));
    }

    /** Ends a run. */
    void drop(String run, LlmInfo info) {
        link.infer(Requests.store(options.modelName(), info.fingerprint(), new StoreCall.Drop(run)), "drop");
    }

    /**
     * Sends a request and waits out a busy server.
     *
     * @return why it was refused; null if it was answered
     */
    Reason refusal(Crafted request) {
        for (int tries = 1; ; tries++) {
            try {
                link.infer(request.message(), "a request that is wrong on purpose");
                return null;
            } catch (LlmException e) {
                if (e.reason() != Reason.BUSY || tries == BUSY_TRIES) {
                    return e.reason();
                }
            }
            try {
                Thread.sleep(BUSY_WAIT.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while waiting for " + address(), e);
            }
        }
    }

    @Override
    public void close() {
        link.close();
    }

    /** A request of which any part can be changed. */
    static final class Crafted {

        private final ModelInferRequest message;
        private final WireType type;

        private Crafted(ModelInferRequest message, WireType type) {
            this.message = message;
            this.type = type;
        }

        ModelInferRequest message() {
            return message;
        }

        /** For another model's name. */
        Crafted model(String name) {
            return new Crafted(message.toBuilder().setModelName(name).build(), type);
        }

        /** With a field of {@code ctl} changed or added. */
        Crafted control(String field, Object value) {
            Map<String, Tensor> tensors = tensors();
            try {
                ObjectNode json = (ObjectNode) JSON.readTree(tensors.get("ctl").text());
                json.set(field, JSON.valueToTree(value));
                return with(Tensors.text("ctl", json.toString()));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
            }
        }

        /** With an INT32 tensor in the place of one of that name, or added. */
        Crafted ints(String name, int[] values, int... shape) {
            return with(Tensors.ints(name, values, shape));
        }

        /** With a tensor of dtype D in the place of one of that name, or added. */
        Crafted floats(String name, float[] values, int... shape) {
            return with(Tensors.floats(name, type, values, shape));
        }

        /** With an FP32 tensor in the place of one of that name, or added. */
        Crafted fp32(String name, float[] values, int... shape) {
            return with(Tensors.floats(name, WireType.FP32, values, shape));
        }

        /** Without a tensor. */
        Crafted without(String name) {
            Map<String, Tensor> tensors = tensors();
            tensors.remove(name);
            return of(tensors);
        }

        private Crafted with(Tensor tensor) {
            Map<String, Tensor> tensors = tensors();
            tensors.put(tensor.name(), tensor);
            return of(tensors);
        }

        private Map<String, Tensor> tensors() {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (int i = 0; i < message.getInputsCount(); i++) {
                InferInputTensor input = message.getInputs(i);
                int[] shape =
                        input.getShapeList().stream().mapToInt(Long::intValue).toArray();
                tensors.put(
                        input.getName(),
                        new Tensor(input.getName(), input.getDatatype(), shape, message.getRawInputContents(i)));
            }
            return tensors;
        }

        private Crafted of(Map<String, Tensor> tensors) {
            ModelInferRequest.Builder changed =
                    message.toBuilder().clearInputs().clearRawInputContents();
            for (Tensor tensor : tensors.values()) {
                changed.addInputs(InferInputTensor.newBuilder()
                        .setName(tensor.name())
                        .setDatatype(tensor.type())
                        .addAllShape(Tensors.shape(tensor)));
                changed.addRawInputContents(tensor.raw());
            }
            return new Crafted(changed.build(), type);
        }
    }
}
