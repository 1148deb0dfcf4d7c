package org.fednano.llm.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.oip.proto.ModelInferRequest.InferRequestedOutputTensor;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.Prompts;
import org.fednano.sample.TokenBatch;

/** Calls as messages of the contract, and back. */
public final class Requests {

    /** The contract's version. */
    public static final int VERSION = 1;

    /** The one with features and codes. */
    public static final int VERSION_2 = 2;

    /** The operation that asks what the endpoint is. */
    public static final String INFO = "info";

    private static final String CONTROL = "ctl";

    private static final int MAX_CONTROL_BYTES = 1 << 16;

    /** Names, types and shapes of six tensors take some 300 bytes. */
    private static final int MAX_DESCRIPTION_BYTES = 1 << 16;

    /** What one entry of raw_input_contents counts as, so that a million empty ones are too many. */
    private static final int RAW_OVERHEAD = 64;

    private static final long SLACK = 1024;
    private static final int MAX_TENSORS_SHOWN = 8;
    private static final int[] NO_IDS = {};
    private static final Set<String> OPERATIONS = Set.of(INFO, "embed", "loss", "loss_grad", "score", "generate");
    private static final Set<String> OPERATIONS_2 =
            Set.of("have", "put", "drop", "loss2", "loss_grad2", "score2", "generate2");
    private static final Set<String> PROMPTED_2 = Set.of("loss2", "loss_grad2", "score2", "generate2");
    private static final Pattern RUN = Pattern.compile("[\\x21-\\x7e]{16,128}");
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    /**
     * A request as received.
     *
     * @param op the operation
     * @param fingerprint that the caller expects; null if it said none ({@code info} only)
     * @param call what it asks of the LLM; null for {@code info} and what is asked of the store
     * @param store what it asks of the store of features; null for everything else
     * @param shape of {@code ids} (B, T), for {@code embed} alone
     * @param outputs the tensors that the caller wants; empty: all
     */
    public record Received(
            String op, String fingerprint, LlmCall<?> call, StoreCall store, int[] shape, Set<String> outputs) {}

    private Requests() {}

    /** Whether an operation is one of the contract's second version. */
    public static boolean isSecond(String op) {
        return OPERATIONS_2.contains(op);
    }

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
        public ModelInferRequest loss(LlmCall.Loss call) {
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

    /**
     * Parses a received message without copying its tensors' bytes. What describes them must be short: a few bytes of
     * protobuf can stand for a hundred times as many on the heap.
     *
     * @throws LlmException BAD_REQUEST
     */
    public static ModelInferRequest parse(ByteString bytes) {
        try {
            long described = 0;
            CodedInputStream scan = bytes.newCodedInput();
            while (!scan.isAtEnd()) {
                int from = scan.getTotalBytesRead();
                int tag = scan.readTag();
                scan.skipField(tag);
                boolean raw = WireFormat.getTagFieldNumber(tag) == ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER;
                described += raw ? RAW_OVERHEAD : scan.getTotalBytesRead() - from;
                Tensors.require(
                        described <= MAX_DESCRIPTION_BYTES,
                        "What is not in raw_input_contents must be short",
                        "at most " + MAX_DESCRIPTION_BYTES + " bytes",
                        "more");
            }
            CodedInputStream in = bytes.newCodedInput();
            in.enableAliasing(true);
            return ModelInferRequest.parseFrom(in);
        } catch (IOException e) {
            // Its message may quote what it stumbled over.
            throw new LlmException(Reason.BAD_REQUEST, "The message must be a ModelInferRequest: it cannot be parsed");
        }
    }

    /** The input tensors' types and shapes, for a log: {@code ctl BYTES [1], embeds FP32 [2, 7, 16]}. */
    public static String shapes(ModelInferRequest message) {
        String text = message.getInputsList().stream()
                .limit(MAX_TENSORS_SHOWN)
                .map(t -> Tensors.printable(t.getName()) + " " + Tensors.printable(t.getDatatype()) + " "
                        + (t.getShapeCount() <= Tensors.MAX_RANK
                                ? t.getShapeList()
                                : t.getShapeCount() + " dimensions"))
                .collect(Collectors.joining(", "));
        return message.getInputsCount() > MAX_TENSORS_SHOWN ? text + ", ..." : text;
    }

    /**
     * Reads a received request. Whatever is wrong with it is said with the contract's reason: the version first, then the
     * operation, the fingerprint, bytes that do not fit a tensor's shape, the size, the tensors.
     *
     * @param type D, of embeddings
     * @param info the model and its limits
     * @throws LlmException BAD_REQUEST, MASK, CHOICE, UNKNOWN_OP, VERSION, FINGERPRINT or TOO_LARGE
     */
    public static Received read(ModelInferRequest message, WireType type, LlmInfo info) {
        return read(message, type, info, null);
    }

    /**
     * The same for a server with a store of features.
     *
     * @param features null: the contract's first version alone
     * @throws LlmException MISS too, if a call names features that are not held
     */
    public static Received read(ModelInferRequest message, WireType type, LlmInfo info, FeatureSource features) {
        int hidden = info.hidden();
        int mostTokens = info.limits().tokens();
        // No dimension of anything can be larger: a sample has a token or more.
        Tensors tensors = new Tensors(Math.max(mostTokens, hidden));
        int count = message.getInputsCount();
        Tensors.require(
                message.getRawInputContentsCount() == count,
                "Each input tensor must have its bytes in raw_input_contents",
                count,
                message.getRawInputContentsCount());
        add(message, tensors, CONTROL::equals);
        JsonNode control = control(tensors, features == null ? VERSION : VERSION_2);
        boolean second = control.path("v").intValue() == VERSION_2;
        String op = text(control, "op");
        LlmException.require(
                (second ? OPERATIONS_2 : OPERATIONS).contains(op),
                Reason.UNKNOWN_OP,
                "The operation must be one of the contract's",
                second
                        ? "have, put, drop, loss2, loss_grad2, score2 or generate2"
                        : "info, embed, loss, loss_grad, score or generate",
                Tensors.printable(op));
        String fingerprint = control.has("fp") ? text(control, "fp") : null;
        Tensors.require(fingerprint != null || op.equals(INFO), "ctl must have the fingerprint 'fp'", "a text", "none");
        LlmException.require(
                fingerprint == null || fingerprint.equals(info.fingerprint()),
                Reason.FINGERPRINT,
                "The model's fingerprint",
                info.fingerprint(),
                "another");
        // Only now: another version's tensors may be of types that this one does not know.
        add(message, tensors, name -> !name.equals(CONTROL));
        float scale = scale(control);
        requireTokens(tensors, mostTokens);
        String run = second ? run(control) : null;
        StoreCall store =
                switch (op) {
                    case "have" -> new StoreCall.Have(run, CodedTensors.ids(tensors));
                    case "put" -> new StoreCall.Put(run, CodedTensors.readPut(tensors, hidden));
                    case "drop" -> new StoreCall.Drop(run);
                    default -> null;
                };
        CodedPrompts coded = PROMPTED_2.contains(op)
                ? CodedTensors.readPrompts(tensors, info, run, adapterScale(control), features)
                : null;
        LlmCall<?> call =
                switch (op) {
                    case INFO, "have", "put", "drop" -> null;
                    case "loss2" -> codedLoss(coded, tensors, 0, control);
                    case "loss_grad2" -> codedLoss(coded, tensors, scale, control);
                    case "score2" -> score(coded, tensors, mostTokens);
                    case "generate2" -> new LlmCall.Generate(coded, maxNew(control));
                    case "embed" -> new LlmCall.Embed(
                            tensors.get("ids", "INT32", -1, -1).ints());
                    case "score" -> score(prompts(tensors, type, hidden), tensors, mostTokens);
                    case "generate" -> new LlmCall.Generate(prompts(tensors, type, hidden), maxNew(control));
                    default -> loss(prompts(tensors, type, hidden), tensors, op.equals("loss") ? 0 : scale);
                };
        requireTokens(call, mostTokens);
        if (call instanceof CodedLoss loss) {
            LlmException.require(
                    loss.gradientValues() <= info.limits().messageBytes() / Float.BYTES,
                    Reason.TOO_LARGE,
                    "The gradients' values",
                    "at most " + info.limits().messageBytes() / Float.BYTES,
                    loss.gradientValues());
        }
        int[] shape = op.equals("embed") ? tensors.get("ids", "INT32", -1, -1).shape() : new int[0];
        Set<String> outputs = message.getOutputsList().stream()
                .map(InferRequestedOutputTensor::getName)
                .collect(Collectors.toUnmodifiableSet());
        Set<String> known = Responses.outputs(op);
        for (String output : outputs) {
            Tensors.require(known.contains(output), "An output of " + op, known, Tensors.printable(output));
        }
        return new Received(op, fingerprint, call, store, shape, outputs);
    }

    private static void add(ModelInferRequest message, Tensors tensors, Predicate<String> which) {
        for (int i = 0; i < message.getInputsCount(); i++) {
            InferInputTensor input = message.getInputs(i);
            if (which.test(input.getName())) {
                tensors.add(input.getName(), input.getDatatype(), input.getShapeList(), message.getRawInputContents(i));
            }
        }
    }

    /** Before the tensors become arrays: what the prompts or ids alone take. */
    private static void requireTokens(Tensors tensors, long most) {
        for (String name : List.of("embeds", "ids", "codes")) {
            if (tensors.has(name) && tensors.get(name).shape().length >= 2) {
                int[] shape = tensors.get(name).shape();
                requireTokens((long) shape[0] * shape[1], most);
            }
        }
        if (tensors.has("x") && tensors.get("x").shape().length >= 1) {
            requireTokens(tensors.get("x").shape()[0], most);
        }
    }

    private static void requireTokens(LlmCall<?> call, long most) {
        if (call != null) {
            requireTokens(call.boundTokens(), most);
        }
    }

    private static void requireTokens(long tokens, long most) {
        LlmException.require(
                tokens <= most,
                Reason.TOO_LARGE,
                "A request's B*(T+L) must be within the limit",
                "at most " + most,
                tokens);
    }

    private static JsonNode control(Tensors tensors, int highest) {
        Tensor ctl = tensors.get(CONTROL, "BYTES", 1);
        Tensors.require(
                ctl.raw().size() <= MAX_CONTROL_BYTES, "ctl must be short", MAX_CONTROL_BYTES + " bytes", "more");
        JsonNode control;
        try {
            control = JSON.readTree(ctl.text());
        } catch (JsonProcessingException e) {
            throw new LlmException(Reason.BAD_REQUEST, "ctl must be JSON: it cannot be parsed");
        }
        Tensors.require(control != null && control.isObject(), "ctl must be JSON", "an object", "something else");
        JsonNode version = control.path("v");
        LlmException.require(
                version.isInt() && version.intValue() >= VERSION && version.intValue() <= highest,
                Reason.VERSION,
                "ctl's version 'v'",
                highest == VERSION ? VERSION : VERSION + " or " + highest,
                version.isInt() ? version.intValue() : "none");
        return control;
    }

    private static String text(JsonNode control, String name) {
        JsonNode value = control.path(name);
        Tensors.require(value.isTextual(), "ctl's '" + name + "'", "a text", value.getNodeType());
        return value.textValue();
    }

    private static String run(JsonNode control) {
        String run = text(control, "run");
        Tensors.require(RUN.matcher(run).matches(), "ctl's 'run'", "16 to 128 printable characters", "something else");
        return run;
    }

    private static float adapterScale(JsonNode control) {
        float scale = control.path("scale").isNumber() ? control.path("scale").floatValue() : Float.NaN;
        Tensors.require(Float.isFinite(scale), "ctl's 'scale' of the adapters", "a number", "something else");
        return scale;
    }

    private static float scale(JsonNode control) {
        JsonNode value = control.path("grad_scale");
        if (value.isMissingNode()) {
            return 1;
        }
        float scale = value.isNumber() ? value.floatValue() : Float.NaN;
        boolean power = scale > 0
                && Float.isFinite(scale)
                && scale == Math.scalb(1f, Math.getExponent(scale))
                && value.doubleValue() == scale;
        Tensors.require(power, "ctl's 'grad_scale'", "a power of two that float32 has", "something else");
        return scale;
    }

    private static int maxNew(JsonNode control) {
        JsonNode value = control.path("max_new");
        Tensors.require(
                value.isInt() && value.intValue() > 0, "ctl's 'max_new' of generate", "1 or more", "something else");
        return value.intValue();
    }

    private static PromptBatch prompts(Tensors tensors, WireType type, int hidden) {
        Tensor embeds = tensors.get("embeds", type.name(), -1, -1, hidden);
        int size = embeds.shape()[0];
        int tokens = embeds.shape()[1];
        Tensors.require(size > 0 && tokens > 0, "embeds must hold samples and tokens", "1 or more", embeds.shapeText());
        int[] mask = tensors.get("mask", "INT32", size, tokens).ints();
        int[] lengths = new int[size];
        for (int b = 0; b < size; b++) {
            int ones = 0;
            for (int t = 0; t < tokens; t++) {
                int value = mask[b * tokens + t];
                LlmException.require(
                        value == 0 || value == 1 && ones == t,
                        Reason.MASK,
                        "A sample's mask",
                        "ones, then zeros",
                        "something else in sample " + b + " at token " + t);
                ones += value;
            }
            LlmException.require(ones > 0, Reason.MASK, "A sample's mask", "at least one 1", "none in sample " + b);
            lengths[b] = ones;
        }
        return new PromptBatch(embeds.floats(), lengths, tokens, hidden);
    }

    private static LlmCall.Loss loss(PromptBatch prompts, Tensors tensors, float scale) {
        return new LlmCall.Loss(prompts, answers(prompts, tensors), scale);
    }

    private static TokenBatch answers(Prompts prompts, Tensors tensors) {
        Tensor answers = tensors.get("answers", "INT32", prompts.size(), -1);
        Tensors.require(answers.shape()[1] > 0, "answers must hold tokens", "1 or more", answers.shapeText());
        return new TokenBatch(answers.ints(), answers.shape()[1]);
    }

    private static CodedLoss codedLoss(CodedPrompts prompts, Tensors tensors, float scale, JsonNode control) {
        String wanted = control.path("up_grads").asText("sum");
        for (Wanted which : Wanted.values()) {
            if (which.name().toLowerCase(Locale.ROOT).equals(wanted)) {
                return new CodedLoss(prompts, answers(prompts, tensors), scale, which);
            }
        }
        throw new LlmException(
                Reason.BAD_REQUEST, "ctl's 'up_grads': expected sum, squares or each, got something else");
    }

    /** Choices without padding; choices that are padding alone end a sample's list. */
    private static LlmCall.Score score(Prompts prompts, Tensors tensors, int mostTokens) {
        Tensor tensor = tensors.get("choices", "INT32", prompts.size(), -1, -1);
        int most = tensor.shape()[1];
        int longest = tensor.shape()[2];
        LlmException.require(
                most > 0 && longest > 0,
                Reason.CHOICE,
                "choices must hold choices and tokens",
                "1 or more",
                tensor.shapeText());
        int[] ids = tensor.ints();
        // A choice takes more in arrays than on the wire.
        requireTokens(Arrays.stream(ids).filter(id -> id != TokenBatch.PAD).count(), mostTokens);
        int[][][] choices = new int[prompts.size()][][];
        for (int b = 0; b < choices.length; b++) {
            List<int[]> sample = new ArrayList<>();
            for (int c = 0; c < most; c++) {
                int[] choice = choice(ids, (b * most + c) * longest, longest, b);
                if (choice.length > 0) {
                    LlmException.require(
                            sample.size() == c, Reason.CHOICE, "A choice of sample " + b, "a token or more", "none");
                    sample.add(choice);
                }
            }
            choices[b] = sample.toArray(int[][]::new);
        }
        return new LlmCall.Score(prompts, choices);
    }

    private static int[] choice(int[] ids, int from, int longest, int sample) {
        int length = 0;
        while (length < longest && ids[from + length] != TokenBatch.PAD) {
            length++;
        }
        for (int i = length; i < longest; i++) {
            Tensors.require(
                    ids[from + i] == TokenBatch.PAD,
                    "Behind a choice's end only padding may stand",
                    TokenBatch.PAD,
                    "an id in sample " + sample);
        }
        return length == 0 ? NO_IDS : Arrays.copyOfRange(ids, from, from + length);
    }
}
