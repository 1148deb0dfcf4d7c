package org.fednano.llm.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.fednano.adapter.CodeGradients;
import org.fednano.algorithm.LossGradient.CodedResult;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.oip.proto.ModelInferResponse.InferOutputTensor;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.sample.TokenBatch;

/** Answers as messages of the contract, and back. */
public final class Responses {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Responses() {}

    /** Names of an operation's output tensors. */
    static Set<String> outputs(String op) {
        return switch (op) {
            case "embed" -> Set.of("out", "emb");
            case "loss", "loss2" -> Set.of("out", "loss", "n_tokens");
            case "loss_grad" -> Set.of("out", "loss", "n_tokens", "grad");
            case "score", "score2" -> Set.of("out", "loglik", "n_tokens");
            case "generate", "generate2" -> Set.of("out", "tokens");
            case "have", "put" -> Set.of("out", "held");
            case "loss_grad2" -> Set.of("out", "loss", "n_tokens", "dcodes", "dup", "dup_sq", "dup_each");
            default -> Set.of("out");
        };
    }

    private static int version(String op) {
        return RequestReader.isSecond(op) ? Requests.VERSION_2 : Requests.VERSION;
    }

    /** Answers {@code info}. */
    public static ModelInferResponse info(String model, LlmInfo info) {
        ObjectNode out = out(info, Requests.VERSION)
                .put("name", info.name())
                .put("hidden", info.hidden())
                .put("vocabulary", info.vocabulary())
                .put("layers", info.layers())
                .put("dtype", info.dtype());
        out.putObject("limits")
                .put("tokens", info.limits().tokens())
                .put("message_bytes", info.limits().messageBytes());
        ObjectNode probe = out.putObject("probe");
        putIds(probe.putArray("prompt"), info.probe().prompt());
        putIds(probe.putArray("answer"), info.probe().answer());
        probe.put("loss", info.probe().loss());
        ArrayNode versions = out.putArray("versions");
        for (int v = Requests.VERSION; v <= info.version(); v++) {
            versions.add(v);
        }
        return message(model, List.of(Tensors.text("out", out.toString())), Set.of());
    }

    /**
     * Answers what was asked of the store of features.
     *
     * @param held of each feature named, whether it is held now; null if none were
     */
    public static ModelInferResponse store(String model, LlmInfo info, RequestReader.Received request, boolean[] held) {
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(Tensors.text("out", out(info, Requests.VERSION_2).toString()));
        if (held != null) {
            int[] flags = new int[held.length];
            for (int f = 0; f < flags.length; f++) {
                flags[f] = held[f] ? 1 : 0;
            }
            tensors.add(Tensors.ints("held", flags, flags.length));
        }
        return message(model, tensors, request.outputs());
    }

    /**
     * Answers a call.
     *
     * @param answer what {@link LlmCall#on} gave
     * @param type D
     */
    public static ModelInferResponse of(
            String model, LlmInfo info, RequestReader.Received request, Object answer, WireType type) {
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(Tensors.text("out", out(info, version(request.op())).toString()));
        tensors.addAll(request.call().match(new Writing(answer, request.shape(), info.hidden(), type)));
        return message(model, tensors, request.outputs());
    }

    /**
     * @param answer of the call's own kind
     * @param shape (B, T) of the ids of {@code embed}
     */
    private record Writing(Object answer, int[] shape, int hidden, WireType type)
            implements LlmCall.Cases<List<Tensor>> {

        @Override
        public List<Tensor> embed(LlmCall.Embed call) {
            return List.of(Tensors.floats("emb", type, (float[]) answer, shape[0], shape[1], hidden));
        }

        @Override
        public List<Tensor> loss(PromptLoss call) {
            Result result = (Result) answer;
            int size = result.loss().length;
            List<Tensor> tensors = new ArrayList<>();
            tensors.add(Tensors.floats("loss", WireType.FP32, result.loss(), size));
            tensors.add(Tensors.ints("n_tokens", result.answerTokens(), size));
            if (call.withGradient()) {
                int width = call.prompts().tokens();
                tensors.add(Tensors.floats("grad", type.ofGradients(), result.gradient(), size, width, hidden));
            }
            return tensors;
        }

        @Override
        public List<Tensor> codedLoss(CodedLoss call) {
            CodedResult result = (CodedResult) answer;
            int size = result.loss().length;
            List<Tensor> tensors = new ArrayList<>();
            tensors.add(Tensors.floats("loss", WireType.FP32, result.loss(), size));
            tensors.add(Tensors.ints("n_tokens", result.answerTokens(), size));
            if (call.withGradient()) {
                tensors.addAll(CodedTensors.gradients(call, result.gradients()));
            }
            return tensors;
        }

        @Override
        public List<Tensor> score(LlmCall.Score call) {
            List<Tensor> tensors = new ArrayList<>();
            addScores(tensors, (Scores) answer);
            return tensors;
        }

        @Override
        public List<Tensor> generate(LlmCall.Generate call) {
            List<Tensor> tensors = new ArrayList<>();
            addTokens(tensors, (int[][]) answer);
            return tensors;
        }
    }

    private static ObjectNode out(LlmInfo info, int version) {
        return JSON.createObjectNode().put("v", version).put("fp", info.fingerprint());
    }

    private static void putIds(ArrayNode array, int[] ids) {
        Arrays.stream(ids).forEach(array::add);
    }

    private static void addScores(List<Tensor> tensors, Scores scores) {
        int size = scores.tokens().length;
        int most = Arrays.stream(scores.tokens()).mapToInt(t -> t.length).max().orElse(0);
        float[] sums = new float[size * most];
        int[] counts = new int[size * most];
        for (int b = 0; b < size; b++) {
            for (int c = 0; c < scores.tokens()[b].length; c++) {
                sums[b * most + c] = (float) scores.logLikelihood()[b][c];
                counts[b * most + c] = scores.tokens()[b][c];
            }
        }
        tensors.add(Tensors.floats("loglik", WireType.FP32, sums, size, most));
        tensors.add(Tensors.ints("n_tokens", counts, size, most));
    }

    private static void addTokens(List<Tensor> tensors, int[][] generated) {
        int longest = Arrays.stream(generated).mapToInt(t -> t.length).max().orElse(0);
        int[] ids = new int[generated.length * longest];
        Arrays.fill(ids, TokenBatch.PAD);
        for (int b = 0; b < generated.length; b++) {
            System.arraycopy(generated[b], 0, ids, b * longest, generated[b].length);
        }
        tensors.add(Tensors.ints("tokens", ids, generated.length, longest));
    }

    private static ModelInferResponse message(String model, List<Tensor> tensors, Set<String> wanted) {
        ModelInferResponse.Builder message = ModelInferResponse.newBuilder().setModelName(model);
        for (Tensor tensor : tensors) {
            if (wanted.isEmpty() || tensor.name().equals("out") || wanted.contains(tensor.name())) {
                message.addOutputs(InferOutputTensor.newBuilder()
                        .setName(tensor.name())
                        .setDatatype(tensor.type())
                        .addAllShape(Tensors.shape(tensor)));
                message.addRawOutputContents(tensor.raw());
            }
        }
        return message.build();
    }

    /**
     * Reads the answer to {@code info}.
     *
     * @throws LlmException VERSION for another version of the contract; BAD_REQUEST if it is not what the contract says
     */
    public static LlmInfo readInfo(ModelInferResponse message) {
        JsonNode out = out(tensors(message), Requests.VERSION);
        JsonNode limits = out.path("limits");
        JsonNode probe = out.path("probe");
        LlmInfo info = new LlmInfo(
                out.path("name").asText(),
                out.path("fp").asText(),
                out.path("hidden").asInt(),
                out.path("vocabulary").asInt(),
                out.path("layers").asInt(),
                out.path("dtype").asText(),
                new LlmInfo.Limits(
                        // As a double it saturates: a server without a limit may say any large number.
                        (int) limits.path("tokens").asDouble(),
                        (long) limits.path("message_bytes").asDouble()),
                new LlmInfo.Probe(ids(probe.path("prompt")), ids(probe.path("answer")), (float)
                        probe.path("loss").asDouble(Double.NaN)),
                highestVersion(out.path("versions")));
        Tensors.require(
                !info.fingerprint().isEmpty()
                        && info.hidden() > 0
                        && info.vocabulary() > 0
                        && info.limits().tokens() > 0
                        && info.limits().messageBytes() > 0
                        && info.probe().prompt().length > 0
                        && info.probe().answer().length > 0
                        && Float.isFinite(info.probe().loss()),
                "The answer to info",
                "fp, hidden, vocabulary, limits.tokens, limits.message_bytes, probe.prompt, probe.answer and probe.loss",
                out.size() + " fields, not all of these");
        return info;
    }

    /** Of those that this side knows too. */
    private static int highestVersion(JsonNode versions) {
        for (JsonNode version : versions) {
            if (version.asInt() == Requests.VERSION_2) {
                return Requests.VERSION_2;
            }
        }
        return Requests.VERSION;
    }

    /**
     * Reads what the store of features says of each feature.
     *
     * @throws LlmException as {@link #read}
     */
    public static boolean[] readHeld(ModelInferResponse message, String fingerprint, int features) {
        Tensors tensors = tensors(message);
        requireFingerprint(tensors, Requests.VERSION_2, fingerprint);
        int[] flags = tensors.get("held", "INT32", features).ints();
        boolean[] held = new boolean[features];
        for (int f = 0; f < features; f++) {
            held[f] = flags[f] == 1;
        }
        return held;
    }

    private static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).asInt();
        }
        return ids;
    }

    /**
     * Reads the answer to a call.
     *
     * @param fingerprint that the answer must carry
     * @param hidden H
     * @param type D
     * @throws LlmException FINGERPRINT or VERSION if another model or contract answered; BAD_REQUEST if a tensor is
     *     missing or of another shape; NONFINITE_OUTPUT
     */
    @SuppressWarnings("unchecked") // R is what the call's own kind says
    public static <R> R read(
            ModelInferResponse message, LlmCall<R> call, String fingerprint, int hidden, WireType type) {
        Tensors tensors = tensors(message);
        requireFingerprint(tensors, version(call.op()), fingerprint);
        return (R) call.match(new Reading(tensors, hidden, type));
    }

    private static void requireFingerprint(Tensors tensors, int version, String fingerprint) {
        String found = out(tensors, version).path("fp").asText();
        LlmException.require(
                found.equals(fingerprint), Reason.FINGERPRINT, "The answering model's fingerprint", fingerprint, found);
    }

    private record Reading(Tensors tensors, int hidden, WireType type) implements LlmCall.Cases<Object> {

        @Override
        public float[] embed(LlmCall.Embed call) {
            return tensors.get("emb", type.name(), 1, call.samples(), hidden).floats();
        }

        @Override
        public Result loss(PromptLoss call) {
            int size = call.samples();
            float[] losses = finite(tensors.get("loss", "FP32", size));
            int[] tokens = tensors.get("n_tokens", "INT32", size).ints();
            int width = call.prompts().tokens();
            float[] gradient = call.withGradient()
                    ? finite(tensors.get("grad", type.ofGradients().name(), size, width, hidden))
                    : new float[0];
            return new Result(losses, tokens, gradient);
        }

        @Override
        public CodedResult codedLoss(CodedLoss call) {
            int size = call.samples();
            return new CodedResult(
                    finite(tensors.get("loss", "FP32", size)),
                    tensors.get("n_tokens", "INT32", size).ints(),
                    call.withGradient() ? CodedTensors.readGradients(tensors, call) : CodeGradients.NONE);
        }

        @Override
        public Scores score(LlmCall.Score call) {
            return scores(tensors, call.choices());
        }

        @Override
        public int[][] generate(LlmCall.Generate call) {
            Tensor tokens = tensors.get("tokens", "INT32", call.samples(), -1);
            Tensors.require(
                    tokens.shape()[1] <= call.maxNew(),
                    "Generated tokens of a sample",
                    "at most " + call.maxNew(),
                    tokens.shapeText());
            return tokens(tokens.ints(), call.samples(), tokens.shape()[1]);
        }
    }

    private static Scores scores(Tensors tensors, int[][][] choices) {
        int most = Arrays.stream(choices).mapToInt(c -> c.length).max().orElse(0);
        float[] sums = finite(tensors.get("loglik", "FP32", choices.length, most));
        int[] counts = tensors.get("n_tokens", "INT32", choices.length, most).ints();
        double[][] logLikelihood = new double[choices.length][];
        int[][] tokens = new int[choices.length][];
        for (int b = 0; b < choices.length; b++) {
            logLikelihood[b] = new double[choices[b].length];
            tokens[b] = new int[choices[b].length];
            for (int c = 0; c < choices[b].length; c++) {
                logLikelihood[b][c] = sums[b * most + c];
                tokens[b][c] = counts[b * most + c];
            }
        }
        return new Scores(logLikelihood, tokens);
    }

    private static int[][] tokens(int[] ids, int size, int longest) {
        int[][] generated = new int[size][];
        for (int b = 0; b < size; b++) {
            int length = 0;
            while (length < longest && ids[b * longest + length] != TokenBatch.PAD) {
                length++;
            }
            generated[b] = Arrays.copyOfRange(ids, b * longest, b * longest + length);
        }
        return generated;
    }

    static float[] finite(Tensor tensor) {
        float[] values = tensor.floats();
        for (float value : values) {
            LlmException.require(
                    Float.isFinite(value),
                    Reason.NONFINITE_OUTPUT,
                    "The endpoint's tensor '" + tensor.name() + "'",
                    "finite values",
                    "NaN or infinity");
        }
        return values;
    }

    private static Tensors tensors(ModelInferResponse message) {
        // What is read is compared with the call that it answers; nothing is made of a shape alone.
        Tensors tensors = new Tensors(Integer.MAX_VALUE);
        int count = message.getOutputsCount();
        Tensors.require(
                message.getRawOutputContentsCount() == count,
                "Each output tensor must have its bytes in raw_output_contents",
                count,
                message.getRawOutputContentsCount());
        for (int i = 0; i < count; i++) {
            InferOutputTensor output = message.getOutputs(i);
            tensors.add(output.getName(), output.getDatatype(), output.getShapeList(), message.getRawOutputContents(i));
        }
        return tensors;
    }

    private static JsonNode out(Tensors tensors, int version) {
        try {
            JsonNode out = JSON.readTree(tensors.get("out", "BYTES", 1).text());
            LlmException.require(
                    out.path("v").asInt() == version,
                    Reason.VERSION,
                    "The answer's contract version",
                    version,
                    out.path("v").asInt());
            return out;
        } catch (JsonProcessingException e) {
            throw new LlmException(Reason.BAD_REQUEST, "The answer's 'out' must be JSON: it cannot be parsed");
        }
    }
}
