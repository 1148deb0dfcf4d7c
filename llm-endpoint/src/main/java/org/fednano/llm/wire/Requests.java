package org.fednano.llm.wire;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.LlmCall;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.oip.proto.ModelInferRequest.InferRequestedOutputTensor;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.Prompts;
import org.fednano.sample.TokenBatch;

/** Calls as messages of the contract; {@link RequestReader} is the way back. */
public final class Requests {

    /** The contract's version. */
    public static final int VERSION = 1;

    /** The one with features and codes. */
    public static final int VERSION_2 = 2;

    /** The operation that asks what the endpoint is. */
    public static final String INFO = "info";

    static final String CONTROL = "ctl";

    private static final long SLACK = 1024;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Requests() {}

    /** Asks what the endpoint is; the fingerprint may be null. */
    public static ModelInferRequest info(String model, String fingerprint) {
        return message(model, List.of(control(INFO, fingerprint, 1, 0)), List.of("out"));
    }

    /** Asks the store of features. */
    public static ModelInferRequest store(String model, String fingerprint, StoreCall call) {
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(Tensors.text(
                CONTROL, control2(call.op(), fingerprint, call.run()).toString()));
        if (call instanceof StoreCall.Have have) {
            tensors.add(CodedTensors.refs(have.ids()));
        } else if (call instanceof StoreCall.Put put) {
            tensors.addAll(CodedTensors.put(put.features()));
        }
        return message(model, tensors, call instanceof StoreCall.Drop ? List.of("out") : List.of("out", "held"));
    }

    /** Bytes of these features' message, at most. */
    public static long putBytes(List<Features> features) {
        return SLACK
                + features.stream()
                        .mapToLong(f -> f.x().length * 4L + f.tokens() * 4L + Features.ID_BYTES + 4)
                        .sum();
    }

    /**
     * A call.
     *
     * @param type D, of embeddings
     */
    public static ModelInferRequest of(String model, String fingerprint, LlmCall<?> call, WireType type) {
        return of(model, fingerprint, call, type, null);
    }

    /**
     * The same, for calls with features and codes too.
     *
     * @param run the secret of the run that the features belong to; null if there are none
     */
    public static ModelInferRequest of(String model, String fingerprint, LlmCall<?> call, WireType type, String run) {
        return call.match(new Writing(model, fingerprint, type, run));
    }

    private record Writing(String model, String fingerprint, WireType type, String run)
            implements LlmCall.Cases<ModelInferRequest> {

        @Override
        public ModelInferRequest embed(LlmCall.Embed call) {
            Tensor ids = Tensors.ints("ids", call.ids(), 1, call.ids().length);
            return message(model, List.of(control(call.op(), fingerprint, 1, 0), ids), List.of("out", "emb"));
        }

        @Override
        public ModelInferRequest loss(PromptLoss call) {
            TokenBatch answers = call.answers();
            return message(
                    model,
                    List.of(
                            control(call.op(), fingerprint, call.withGradient() ? call.gradScale() : 1, 0),
                            embeds(call.prompts(), type),
                            mask(call.prompts()),
                            Tensors.ints("answers", answers.ids(), answers.size(), answers.length())),
                    call.withGradient()
                            ? List.of("out", "loss", "n_tokens", "grad")
                            : List.of("out", "loss", "n_tokens"));
        }

        @Override
        public ModelInferRequest codedLoss(CodedLoss call) {
            ObjectNode control = control2(call.op(), fingerprint, run)
                    .put("scale", call.prompts().scale());
            List<String> outputs = new ArrayList<>(List.of("out", "loss", "n_tokens"));
            if (call.withGradient()) {
                control.put("grad_scale", call.gradScale())
                        .put("up_grads", call.wanted().name().toLowerCase(Locale.ROOT));
                outputs.add("dcodes");
                outputs.add(call.wanted() == Wanted.EACH ? "dup_each" : "dup");
                if (call.wanted() == Wanted.SQUARES) {
                    outputs.add("dup_sq");
                }
            }
            List<Tensor> tensors = new ArrayList<>(List.of(Tensors.text(CONTROL, control.toString())));
            tensors.addAll(CodedTensors.prompts(call.prompts()));
            TokenBatch answers = call.answers();
            tensors.add(Tensors.ints("answers", answers.ids(), answers.size(), answers.length()));
            return message(model, tensors, outputs);
        }

        @Override
        public ModelInferRequest score(LlmCall.Score call) {
            List<Tensor> tensors = prompts(call.op(), call.prompts(), 0);
            tensors.add(choices(call.choices()));
            return message(model, tensors, List.of("out", "loglik", "n_tokens"));
        }

        @Override
        public ModelInferRequest generate(LlmCall.Generate call) {
            return message(model, prompts(call.op(), call.prompts(), call.maxNew()), List.of("out", "tokens"));
        }

        private List<Tensor> prompts(String op, Prompts prompts, int maxNew) {
            List<Tensor> tensors = new ArrayList<>();
            if (prompts instanceof CodedPrompts coded) {
                ObjectNode control = control2(op, fingerprint, run).put("scale", coded.scale());
                if (maxNew > 0) {
                    control.put("max_new", maxNew);
                }
                tensors.add(Tensors.text(CONTROL, control.toString()));
                tensors.addAll(CodedTensors.prompts(coded));
            } else {
                tensors.add(control(op, fingerprint, 1, maxNew));
                tensors.add(embeds((PromptBatch) prompts, type));
                tensors.add(mask((PromptBatch) prompts));
            }
            return tensors;
        }
    }

    /**
     * Upper bound of a call's message, in bytes, known before it is built.
     *
     * @param hidden H, for what comes back
     */
    public static long bytes(LlmCall<?> call, int hidden, WireType type) {
        if (call instanceof CodedLoss loss) {
            return SLACK
                    + CodedTensors.bytes(loss.prompts(), loss.gradientValues())
                    + 4L * loss.answers().ids().length;
        }
        if (call.coded() != null) {
            return SLACK + CodedTensors.bytes(call.coded(), call.samples()) + 8 * call.boundTokens();
        }
        if (call instanceof LlmCall.Embed embed) {
            return SLACK + (long) embed.ids().length * Math.max(Integer.BYTES, (long) hidden * type.bytes());
        }
        // Embeddings there; gradients back are as large or smaller, but for FP16 and BF16, where they are the same.
        return SLACK + call.tokens() * ((long) hidden * type.bytes() + 3L * Integer.BYTES);
    }

    private static Tensor control(String op, String fingerprint, float scale, int maxNew) {
        ObjectNode json = JSON.createObjectNode().put("v", VERSION).put("op", op);
        if (fingerprint != null) {
            json.put("fp", fingerprint);
        }
        if (scale != 1) {
            json.put("grad_scale", scale);
        }
        if (maxNew > 0) {
            json.put("max_new", maxNew);
        }
        return Tensors.text(CONTROL, json.toString());
    }

    private static ObjectNode control2(String op, String fingerprint, String run) {
        return JSON.createObjectNode()
                .put("v", VERSION_2)
                .put("op", op)
                .put("fp", fingerprint)
                .put("run", run);
    }

    private static Tensor embeds(PromptBatch prompts, WireType type) {
        return Tensors.floats("embeds", type, prompts.embeds(), prompts.size(), prompts.tokens(), prompts.hidden());
    }

    private static Tensor mask(PromptBatch prompts) {
        int[] mask = new int[prompts.size() * prompts.tokens()];
        for (int b = 0; b < prompts.size(); b++) {
            int from = b * prompts.tokens();
            Arrays.fill(mask, from, from + prompts.lengths()[b], 1);
        }
        return Tensors.ints("mask", mask, prompts.size(), prompts.tokens());
    }

    private static Tensor choices(int[][][] choices) {
        int most = Arrays.stream(choices).mapToInt(c -> c.length).max().orElse(0);
        int longest = Arrays.stream(choices)
                .flatMap(Arrays::stream)
                .mapToInt(c -> c.length)
                .max()
                .orElse(0);
        int[] ids = new int[choices.length * most * longest];
        Arrays.fill(ids, TokenBatch.PAD);
        for (int b = 0; b < choices.length; b++) {
            for (int c = 0; c < choices[b].length; c++) {
                System.arraycopy(choices[b][c], 0, ids, (b * most + c) * longest, choices[b][c].length);
            }
        }
        return Tensors.ints("choices", ids, choices.length, most, longest);
    }

    private static ModelInferRequest message(String model, List<Tensor> inputs, List<String> outputs) {
        ModelInferRequest.Builder message = ModelInferRequest.newBuilder().setModelName(model);
        for (Tensor input : inputs) {
            message.addInputs(InferInputTensor.newBuilder()
                    .setName(input.name())
                    .setDatatype(input.type())
                    .addAllShape(Tensors.shape(input)));
            message.addRawInputContents(input.raw());
        }
        outputs.forEach(name ->
                message.addOutputs(InferRequestedOutputTensor.newBuilder().setName(name)));
        return message.build();
    }
}
