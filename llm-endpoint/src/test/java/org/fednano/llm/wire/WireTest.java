package org.fednano.llm.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import java.util.List;
import java.util.Set;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WireTest {

    private static final String FP = "ab12";
    private static final LlmInfo INFO = new LlmInfo(
            "tiny",
            FP,
            2,
            50,
            1,
            "FP32",
            new LlmInfo.Limits(100, 1000),
            new LlmInfo.Probe(new int[] {1, 2}, new int[] {3}, 0.5f));
    // Values that every wire type has.
    private static final PromptBatch PROMPTS =
            new PromptBatch(new float[] {1, 2, -0.5f, 4, 8, 0.25f, 16, 3, 0, 0, 0, 0}, new int[] {3, 1}, 3, 2);
    private static final TokenBatch ANSWERS = TokenBatch.of(List.of(new int[] {7, 8}, new int[] {9}));

    @ParameterizedTest
    @EnumSource(WireType.class)
    void lossesAndGradients(WireType type) {
        LlmCall<Result> call = new PromptLoss(PROMPTS, ANSWERS, 1024);
        RequestReader.Received got = sent(call, type);
        PromptLoss read = (PromptLoss) got.call();
        assertEquals("loss_grad", got.op());
        assertEquals(FP, got.fingerprint());
        assertArrayEquals(PROMPTS.embeds(), read.prompts().embeds());
        assertArrayEquals(PROMPTS.lengths(), read.prompts().lengths());
        assertArrayEquals(ANSWERS.ids(), read.answers().ids());
        assertEquals(1024, read.gradScale());
        Result answer = new Result(new float[] {0.1f, 3}, new int[] {2, 1}, PROMPTS.embeds());
        Result back = back(got, answer, call, type);
        assertArrayEquals(answer.loss(), back.loss());
        assertArrayEquals(answer.answerTokens(), back.answerTokens());
        assertArrayEquals(answer.gradient(), back.gradient());
    }

    @ParameterizedTest
    @EnumSource(WireType.class)
    void theOtherOperations(WireType type) {
        PromptLoss loss =
                (PromptLoss) sent(new PromptLoss(PROMPTS, ANSWERS), type).call();
        assertEquals(0, loss.gradScale());

        LlmCall<Scores> score = new LlmCall.Score(PROMPTS, new int[][][] {{{1, 2}, {3}}, {{4}}});
        RequestReader.Received scored = sent(score, type);
        int[][][] choices = ((LlmCall.Score) scored.call()).choices();
        assertArrayEquals(new int[][] {{1, 2}, {3}}, choices[0]);
        assertArrayEquals(new int[][] {{4}}, choices[1]);
        Scores scores = new Scores(new double[][] {{-1.5, -2}, {-3}}, new int[][] {{2, 1}, {1}});
        Scores back = back(scored, scores, score, type);
        assertArrayEquals(scores.logLikelihood(), back.logLikelihood());
        assertArrayEquals(scores.tokens(), back.tokens());

        LlmCall<int[][]> generate = new LlmCall.Generate(PROMPTS, 4);
        RequestReader.Received generated = sent(generate, type);
        assertEquals(4, ((LlmCall.Generate) generated.call()).maxNew());
        int[][] tokens = {{5, 6, 7}, {}};
        assertArrayEquals(tokens, back(generated, tokens, generate, type));
        assertArrayEquals(new int[2][0], back(generated, new int[2][0], generate, type));

        LlmCall<float[]> embed = new LlmCall.Embed(new int[] {4, -1});
        RequestReader.Received embedded = sent(embed, type);
        assertArrayEquals(new int[] {4, -1}, ((LlmCall.Embed) embedded.call()).ids());
        assertArrayEquals(new float[] {1, 2, 0, 0}, back(embedded, new float[] {1, 2, 0, 0}, embed, type));
    }

    @Test
    void info() {
        RequestReader.Received asked = RequestReader.read(Requests.info("m", null), WireType.FP32, INFO);
        assertEquals(Requests.INFO, asked.op());
        assertNull(asked.fingerprint());
        LlmInfo read = Responses.readInfo(Responses.info("m", INFO));
        assertEquals(INFO.fingerprint(), read.fingerprint());
        assertEquals(INFO.limits(), read.limits());
        assertEquals(INFO.vocabulary(), read.vocabulary());
        assertArrayEquals(INFO.probe().prompt(), read.probe().prompt());
        assertEquals(INFO.probe().loss(), read.probe().loss());
    }

    /** A caller lists the outputs that it wants; the fingerprint comes with each answer. */
    @Test
    void onlyWantedTensorsTravel() {
        ModelInferRequest request = Requests.of("m", FP, new PromptLoss(PROMPTS, ANSWERS, 1), WireType.FP32).toBuilder()
                .clearOutputs()
                .addOutputs(ModelInferRequest.InferRequestedOutputTensor.newBuilder()
                        .setName("loss"))
                .build();
        RequestReader.Received got = RequestReader.read(request, WireType.FP32, INFO);
        assertEquals(Set.of("loss"), got.outputs());
        Result answer = new Result(new float[] {0.1f, 3}, new int[] {2, 1}, PROMPTS.embeds());
        ModelInferResponse response = Responses.of("m", INFO, got, answer, WireType.FP32);
        assertEquals(
                List.of("out", "loss"),
                response.getOutputsList().stream().map(o -> o.getName()).toList());
    }

    @Test
    void messagesAreNoLargerThanForetold() {
        List<LlmCall<?>> calls = List.of(
                new PromptLoss(PROMPTS, ANSWERS, 2),
                new LlmCall.Score(PROMPTS, new int[][][] {{{1, 2}, {3}}, {{4}}}),
                new LlmCall.Generate(PROMPTS, 4),
                new LlmCall.Embed(new int[300]));
        for (LlmCall<?> call : calls) {
            for (WireType type : WireType.values()) {
                int sent = Requests.of("frozen_llm", FP.repeat(32), call, type).getSerializedSize();
                assertTrue(sent <= Requests.bytes(call, 2, type), call.op() + ": " + sent);
            }
        }
    }

    @Test
    void anotherModelsAnswerIsRefused() {
        LlmCall<Result> call = new PromptLoss(PROMPTS, ANSWERS);
        Result answer = new Result(new float[] {0.1f, 3}, new int[] {2, 1}, new float[0]);
        ModelInferResponse response = Responses.of("m", INFO, sent(call, WireType.FP32), answer, WireType.FP32);
        LlmException e =
                assertThrows(LlmException.class, () -> Responses.read(response, call, "another", 2, WireType.FP32));
        assertEquals(Reason.FINGERPRINT, e.reason());
        Result broken = new Result(new float[] {Float.NaN, 3}, new int[] {2, 1}, new float[0]);
        ModelInferResponse nan = Responses.of("m", INFO, sent(call, WireType.FP32), broken, WireType.FP32);
        assertEquals(
                Reason.NONFINITE_OUTPUT,
                assertThrows(LlmException.class, () -> Responses.read(nan, call, FP, 2, WireType.FP32))
                        .reason());
    }

    @Test
    void everyReasonSurvivesTheWay() {
        for (Reason reason : Reason.values()) {
            LlmException back = GrpcStatuses.read(GrpcStatuses.status(new LlmException(reason, "expected 3, got 4")));
            assertEquals(reason, back.reason());
            assertTrue(back.getMessage().contains("expected 3, got 4"));
        }
        assertEquals(
                Reason.AUTH,
                GrpcStatuses.read(Status.UNAVAILABLE
                                .withDescription("This protocol is restricted, expecting header 'x'")
                                .asRuntimeException())
                        .reason());
        assertEquals(
                Reason.NOT_READY,
                GrpcStatuses.read(Status.UNAVAILABLE.asRuntimeException()).reason());
        assertEquals(
                Reason.INTERNAL,
                GrpcStatuses.read(Status.UNKNOWN.asRuntimeException()).reason());
    }

    /** A later version may have tensors that this one cannot even name. */
    @Test
    void versionOperationAndFingerprintAreLookedAtBeforeTheTensors() {
        assertEquals(Reason.VERSION, refusal("\"v\":1", "\"v\":2"));
        assertEquals(Reason.UNKNOWN_OP, refusal("\"loss\"", "\"loss_of_tomorrow\""));
        assertEquals(Reason.BAD_REQUEST, refusal("", ""));
    }

    private static Reason refusal(String field, String changed) {
        ModelInferRequest.Builder request =
                Requests.of("m", FP, new PromptLoss(PROMPTS, ANSWERS), WireType.FP32).toBuilder();
        request.getInputsBuilder(1).setDatatype("FP8");
        String ctl = request.getRawInputContents(0).substring(4).toStringUtf8().replace(field, changed);
        request.setRawInputContents(0, Tensors.text("ctl", ctl).raw());
        return assertThrows(LlmException.class, () -> RequestReader.read(request.build(), WireType.FP32, INFO))
                .reason();
    }

    @Test
    void aServerWithoutALimitMaySaySo() {
        assertEquals(Integer.MAX_VALUE, limits("9007199254740991").tokens());
        assertEquals(Integer.MAX_VALUE, limits("1e300").tokens());
        assertEquals(100, limits("100").tokens());
    }

    private static LlmInfo.Limits limits(String tokens) {
        ModelInferResponse.Builder answer = Responses.info("m", INFO).toBuilder();
        String out = answer.getRawOutputContents(0).substring(4).toStringUtf8();
        assertTrue(out.contains("\"tokens\":100"), out);
        answer.setRawOutputContents(
                0,
                Tensors.text("out", out.replace("\"tokens\":100", "\"tokens\":" + tokens))
                        .raw());
        return Responses.readInfo(answer.build()).limits();
    }

    private static RequestReader.Received sent(LlmCall<?> call, WireType type) {
        try {
            byte[] bytes = Requests.of("m", FP, call, type).toByteArray();
            return RequestReader.read(ModelInferRequest.parseFrom(bytes), type, INFO);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static <R> R back(RequestReader.Received request, R answer, LlmCall<R> call, WireType type) {
        try {
            byte[] bytes = Responses.of("m", INFO, request, answer, type).toByteArray();
            return Responses.read(ModelInferResponse.parseFrom(bytes), call, FP, 2, type);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
