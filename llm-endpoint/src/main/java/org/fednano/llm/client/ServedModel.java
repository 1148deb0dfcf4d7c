package org.fednano.llm.client;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelMetadataResponse.TensorMetadata;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.Tensors;
import org.fednano.llm.wire.WireType;

/**
 * What an endpoint says of its model.
 *
 * @param info its answer to {@code info}
 * @param type D, from its metadata
 */
public record ServedModel(LlmInfo info, WireType type) {

    private static final Map<String, String> INPUTS =
            Map.of("ctl", "BYTES", "mask", "INT32", "answers", "INT32", "choices", "INT32", "ids", "INT32");
    private static final Map<String, String> OUTPUTS =
            Map.of("out", "BYTES", "loss", "FP32", "n_tokens", "INT32", "loglik", "FP32", "tokens", "INT32");

    /**
     * Asks for metadata and info.
     *
     * @throws LlmException BAD_REQUEST if they are not the contract's, or contradict each other
     */
    static ServedModel of(EndpointConnection link, String modelName) {
        ModelMetadataResponse metadata = link.metadata();
        LlmInfo info = info(link, modelName);
        return link.named("ModelMetadata", () -> new ServedModel(info, type(metadata, info.hidden())));
    }

    /** Asks for info alone. */
    public static LlmInfo info(EndpointConnection link, String modelName) {
        var answer = link.infer(Requests.info(modelName, null), Requests.INFO);
        return link.named(Requests.INFO, () -> Responses.readInfo(answer));
    }

    /**
     * D, after a check of names, dtypes and H.
     *
     * @throws LlmException BAD_REQUEST if they are not the contract's
     */
    public static WireType type(ModelMetadataResponse metadata, int hidden) {
        Map<String, TensorMetadata> inputs = byName(metadata.getInputsList());
        Map<String, TensorMetadata> outputs = byName(metadata.getOutputsList());
        TensorMetadata embeds = inputs.getOrDefault("embeds", TensorMetadata.getDefaultInstance());
        WireType type = null;
        for (WireType known : WireType.values()) {
            type = known.name().equals(embeds.getDatatype()) ? known : type;
        }
        Tensors.require(type != null, "Input 'embeds' in the metadata", "FP32, FP16 or BF16", said(embeds));
        int rank = embeds.getShapeCount();
        Tensors.require(
                rank > 0 && (embeds.getShape(rank - 1) == hidden || embeds.getShape(rank - 1) == -1),
                "The last dimension of 'embeds' in the metadata",
                "H = " + hidden + " as info says",
                embeds.getShapeList());
        check("Input", inputs, INPUTS);
        check("Output", outputs, OUTPUTS);
        check("Output", outputs, Map.of("emb", type.name()));
        check("Output", outputs, Map.of("grad", type.ofGradients().name()));
        return type;
    }

    private static void check(String side, Map<String, TensorMetadata> found, Map<String, String> expected) {
        new TreeMap<>(expected).forEach((name, dtype) -> {
            TensorMetadata tensor = found.getOrDefault(name, TensorMetadata.getDefaultInstance());
            Tensors.require(
                    tensor.getDatatype().equals(dtype), side + " '" + name + "' in the metadata", dtype, said(tensor));
        });
    }

    private static String said(TensorMetadata tensor) {
        return tensor.getDatatype().isEmpty() ? "none" : Tensors.printable(tensor.getDatatype());
    }

    private static Map<String, TensorMetadata> byName(List<TensorMetadata> tensors) {
        Map<String, TensorMetadata> byName = new TreeMap<>();
        tensors.forEach(tensor -> byName.put(tensor.getName(), tensor));
        return byName;
    }

    /** Whether the other is the same model behind the same types; limits may differ. */
    boolean same(ServedModel other) {
        return info.fingerprint().equals(other.info.fingerprint())
                && info.hidden() == other.info.hidden()
                && type == other.type;
    }

    String text() {
        return "fingerprint " + info.fingerprint() + ", H = " + info.hidden() + ", embeddings as " + type;
    }
}
