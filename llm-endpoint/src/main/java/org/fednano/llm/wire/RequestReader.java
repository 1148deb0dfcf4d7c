package org.fednano.llm.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.oip.proto.ModelInferRequest.InferRequestedOutputTensor;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.Prompts;
import org.fednano.sample.TokenBatch;

/** Received messages as calls, checked in the contract's order; {@link Requests} writes them. */
public final class RequestReader {

    private static final int MAX_CONTROL_BYTES = 1 << 16;

    /** Names, types and shapes of six tensors take some 300 bytes. */
    private static final int MAX_DESCRIPTION_BYTES = 1 << 16;

    /** What one entry of raw_input_contents counts as, so that a million empty ones are too many. */
    private static final int RAW_OVERHEAD = 64;

    private static final int MAX_TENSORS_SHOWN = 8;
    private static final int[] NO_IDS = {};
    private static final Set<String> OPERATIONS =
            Set.of(Requests.INFO, "embed", "loss", "loss_grad", "score", "generate");
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

    private RequestReader() {}

    /** Whether an operation is one of the contract's second version. */
    public static boolean isSecond(String op) {
        return OPERATIONS_2.contains(op);
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
     * @throws LlmException BAD_REQUEST, MASK, CHOICE, UNKNOWN_OP, Requests.VERSION, FINGERPRINT or TOO_LARGE
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
        add(message, tensors, Requests.CONTROL::equals);
        JsonNode control = control(tensors, features == null ? Requests.VERSION : Requests.VERSION_2);
        boolean second = control.path("v").intValue() == Requests.VERSION_2;
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
        Tensors.require(
                fingerprint != null || op.equals(Requests.INFO),
                "ctl must have the fingerprint 'fp'",
                "a text",
                "none");
        LlmException.require(
                fingerprint == null || fingerprint.equals(info.fingerprint()),
                Reason.FINGERPRINT,
                "The model's fingerprint",
                info.fingerprint(),
                "another");
        // Only now: another version's tensors may be of types that this one does not know.
        add(message, tensors, name -> !name.equals(Requests.CONTROL));
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
                    case Requests.INFO, "have", "put", "drop" -> null;
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
        Tensor ctl = tensors.get(Requests.CONTROL, "BYTES", 1);
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
                version.isInt() && version.intValue() >= Requests.VERSION && version.intValue() <= highest,
                Reason.VERSION,
                "ctl's version 'v'",
                highest == Requests.VERSION ? Requests.VERSION : Requests.VERSION + " or " + highest,
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

    private static PromptLoss loss(PromptBatch prompts, Tensors tensors, float scale) {
        return new PromptLoss(prompts, answers(prompts, tensors), scale);
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
