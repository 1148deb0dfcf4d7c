package org.fednano.llm.server;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.fednano.llm.LlmCall;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.oip.proto.InferTensorContents;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.oip.proto.ModelInferRequest.InferRequestedOutputTensor;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * Malformed requests, each with the one reason that it must get. A kind is a rule of the contract and a way to break it; a
 * request is a random sound one broken by a random kind. The same number gives the same request.
 */
final class Malformed {

    static final String SERVICE = "inference.GRPCInferenceService/";
    static final String TOKEN = "the-right-token";
    /**
     * What the server under test is.
     *
     * @param fingerprint of its model
     * @param hidden H
     * @param vocabulary V
     * @param positions that its model has
     * @param tokens of one request, at most
     * @param bytes of one message, at most
     */
    record Target(String fingerprint, int hidden, int vocabulary, int positions, int tokens, int bytes) {

        /** {@link TinyDecoder#PLAIN} behind tight limits. */
        static final Target TINY = new Target(
                "none",
                TinyDecoder.PLAIN.hidden(),
                TinyDecoder.PLAIN.vocabulary(),
                TinyDecoder.PLAIN.maxPositions(),
                200,
                100_000);
    }

    /**
     * @param kind how it is broken
     * @param method full name
     * @param messages of the call: one, unless their number is what is wrong
     * @param authorization header; null: none
     * @param expected reason
     */
    record Request(String kind, String method, List<byte[]> messages, String authorization, Reason expected) {}

    private interface Kind extends Function<Random, Request> {}

    private final Target target;
    private final long seed;
    private final Map<String, Kind> kinds = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();

    Malformed(Target target, long seed) {
        this.target = target;
        this.seed = seed;
        tensors();
        masks();
        ids();
        sizes();
        control();
        messages();
        callers();
        kinds.forEach((name, kind) -> {
            // Large ones come less often: they say no more, and take longer.
            int share = name.startsWith("large: ") ? 1 : 20;
            for (int i = 0; i < share; i++) {
                names.add(name);
            }
        });
    }

    Request request(int number) {
        Random random = new Random(seed + 0x9E3779B97F4A7C15L * (number + 1));
        random.nextLong();
        return kinds.get(names.get(random.nextInt(names.size()))).apply(random);
    }

    int kinds() {
        return kinds.size();
    }

    // ---- rules ----

    private void tensors() {
        with("embeds of another width", Reason.BAD_REQUEST, prompts(), (m, r) -> shape(m, "embeds", 2, d -> d + 1));
        with("a dimension more", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .addShape(2));
        with("a rank of nine and more", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .addAllShape(java.util.Collections.nCopies(9 + r.nextInt(50), 1L)));
        with("a dimension less than 0", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .setShape(0, -1 - r.nextInt(1000)));
        with("a huge dimension", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .setShape(0, (1L << 31) + (r.nextLong() >>> 2)));
        with("dimensions whose product overflows", Reason.BAD_REQUEST, prompts(), (m, r) -> {
            InferInputTensor.Builder embeds = input(m, "embeds");
            embeds.setShape(0, 1 << 30).setShape(1, 1 << 30);
        });
        with(
                "no samples",
                Reason.BAD_REQUEST,
                prompts(),
                (m, r) -> replace(m, "embeds", "FP32", new byte[0], 0, 3, target.hidden()));
        with(
                "no tokens",
                Reason.BAD_REQUEST,
                prompts(),
                (m, r) -> replace(m, "embeds", "FP32", new byte[0], 2, 0, target.hidden()));
        with("bytes missing", Reason.BAD_REQUEST, any(), (m, r) -> {
            int at = index(m, random(m, r));
            ByteString raw = m.getRawInputContents(at);
            m.setRawInputContents(at, raw.substring(0, r.nextInt(raw.size())));
        });
        with("bytes too many", Reason.BAD_REQUEST, any(), (m, r) -> {
            int at = index(m, random(m, r));
            m.setRawInputContents(
                    at, m.getRawInputContents(at).concat(ByteString.copyFrom(bytes(r, 1 + r.nextInt(40)))));
        });
        with("a type that is not the tensor's", Reason.BAD_REQUEST, prompts(), (m, r) -> input(m, "embeds")
                .setDatatype(pick(r, "FP16", "BF16", "INT32", "BYTES")));
        with("a type that nobody knows", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .setDatatype(pick(r, "FP64", "INT64", "", "fp32", "\u0000", "BOOL")));
        with("a mask of floats", Reason.BAD_REQUEST, prompts(), (m, r) -> input(m, "mask")
                .setDatatype("FP32"));
        with("answers of floats", Reason.BAD_REQUEST, losses(), (m, r) -> input(m, "answers")
                .setDatatype("FP32"));
        with("a tensor missing", Reason.BAD_REQUEST, any(), (m, r) -> remove(m, random(m, r)));
        with("a tensor twice", Reason.BAD_REQUEST, any(), (m, r) -> {
            int at = r.nextInt(m.getInputsCount());
            m.addInputs(m.getInputs(at)).addRawInputContents(m.getRawInputContents(at));
        });
        with("bytes of a tensor missing", Reason.BAD_REQUEST, any(), (m, r) -> {
            List<ByteString> raws = new ArrayList<>(m.getRawInputContentsList());
            raws.remove(r.nextInt(raws.size()));
            m.clearRawInputContents().addAllRawInputContents(raws);
        });
        with(
                "bytes of no tensor",
                Reason.BAD_REQUEST,
                any(),
                (m, r) -> m.addRawInputContents(ByteString.copyFrom(bytes(r, r.nextInt(50)))));
        with("values in the message instead of raw", Reason.BAD_REQUEST, any(), (m, r) -> {
            m.clearRawInputContents();
            m.getInputsBuilder(0)
                    .setContents(
                            InferTensorContents.newBuilder().addFp32Contents(1).addIntContents(3));
        });
        with(
                "an output that the operation has not",
                Reason.BAD_REQUEST,
                any(),
                (m, r) -> m.addOutputs(InferRequestedOutputTensor.newBuilder().setName("weights" + r.nextInt(9))));
        with("NaN or infinity", Reason.NONFINITE_INPUT, prompts(), (m, r) -> {
            byte[] raw = raw(m, "embeds");
            int at = 4 * r.nextInt(raw.length / 4);
            float bad = new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}[r.nextInt(3)];
            little(raw).putFloat(at, bad);
            setRaw(m, "embeds", raw);
        });
    }

    private void masks() {
        with("a mask of another length", Reason.BAD_REQUEST, prompts(), (m, r) -> {
            int size = (int) input(m, "mask").getShape(0);
            int tokens = (int) input(m, "mask").getShape(1) + 1 + r.nextInt(3);
            int[] ones = new int[size * tokens];
            Arrays.fill(ones, 1);
            replace(m, "mask", "INT32", ints(ones), size, tokens);
        });
        with("a mask with other numbers", Reason.MASK, prompts(), (m, r) -> {
            byte[] raw = raw(m, "mask");
            little(raw)
                    .putInt(4 * r.nextInt(raw.length / 4), r.nextBoolean() ? 2 + r.nextInt(100) : -1 - r.nextInt(100));
            setRaw(m, "mask", raw);
        });
        with("a mask of zeros", Reason.MASK, prompts(), (m, r) -> setRaw(m, "mask", new byte[raw(m, "mask").length]));
        with("a mask that begins with zero", Reason.MASK, prompts(), (m, r) -> {
            byte[] raw = raw(m, "mask");
            little(raw).putInt(0, 0);
            setRaw(m, "mask", raw);
        });
    }

    private void ids() {
        with("an answer's id outside", Reason.TOKEN_RANGE, losses(), (m, r) -> putFirst(m, "answers", r));
        with("a choice's id outside", Reason.TOKEN_RANGE, scores(), (m, r) -> putFirst(m, "choices", r));
        with("an id to embed outside", Reason.TOKEN_RANGE, embeds(), (m, r) -> putFirst(m, "ids", r));
        with("an answer without tokens", Reason.BAD_REQUEST, losses(), (m, r) -> {
            byte[] raw = raw(m, "answers");
            int length = (int) input(m, "answers").getShape(1);
            Arrays.fill(raw, 0, 4 * length, (byte) -1);
            setRaw(m, "answers", raw);
        });
        with("a hole in an answer", Reason.BAD_REQUEST, losses(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0);
            int[] ids = new int[size * 3];
            Arrays.fill(ids, 3);
            ids[3 * r.nextInt(size) + 1] = TokenBatch.PAD;
            replace(m, "answers", "INT32", ints(ids), size, 3);
        });
        with("answers of other samples", Reason.BAD_REQUEST, losses(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0) + 1 + r.nextInt(3);
            int[] ids = new int[size];
            Arrays.fill(ids, 3);
            replace(m, "answers", "INT32", ints(ids), size, 1);
        });
        with(
                "answers of no length",
                Reason.BAD_REQUEST,
                losses(),
                (m, r) -> replace(
                        m,
                        "answers",
                        "INT32",
                        new byte[0],
                        (int) input(m, "embeds").getShape(0),
                        0));
        with("a sample without choices", Reason.CHOICE, scores(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0);
            replace(m, "choices", "INT32", ints(filled(size * 2, TokenBatch.PAD)), size, 2, 1);
        });
        with("an empty choice before another", Reason.CHOICE, scores(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0);
            int[] ids = filled(size * 2, 3);
            ids[2 * r.nextInt(size)] = TokenBatch.PAD;
            replace(m, "choices", "INT32", ints(ids), size, 2, 1);
        });
        with("a hole in a choice", Reason.BAD_REQUEST, scores(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0);
            int[] ids = filled(size * 3, 3);
            ids[3 * r.nextInt(size) + 1] = TokenBatch.PAD;
            replace(m, "choices", "INT32", ints(ids), size, 1, 3);
        });
        with("choices of other samples", Reason.BAD_REQUEST, scores(), (m, r) -> {
            int size = (int) input(m, "embeds").getShape(0) + 1 + r.nextInt(3);
            replace(m, "choices", "INT32", ints(filled(size, 3)), size, 1, 1);
        });
    }

    private void sizes() {
        kind("too many tokens", Reason.TOO_LARGE, r -> {
            int tokens = 20 + r.nextInt(20);
            return good(new LlmCall.Generate(batch(r, 1 + target.tokens() / tokens, tokens), 1));
        });
        kind("too many tokens with the answers", Reason.TOO_LARGE, r -> {
            int length = 2 + r.nextInt(5);
            return good(new PromptLoss(
                    batch(r, 4, target.tokens() / 4), new TokenBatch(filled(4 * length, 3), length), r.nextInt(2)));
        });
        kind(
                "too many new tokens",
                Reason.TOO_LARGE,
                r -> good(new LlmCall.Generate(
                        batch(r, 1, 4), r.nextBoolean() ? Integer.MAX_VALUE : target.tokens() + r.nextInt(99999))));
        kind(
                "too many ids",
                Reason.TOO_LARGE,
                r -> good(new LlmCall.Embed(filled(target.tokens() + 1 + r.nextInt(500), 3))));
        kind("too many choices", Reason.TOO_LARGE, r -> {
            int[][] choices = new int[target.tokens() + 1 + r.nextInt(200)][];
            Arrays.fill(choices, new int[] {3});
            return good(new LlmCall.Score(batch(r, 1, 4), new int[][][] {choices}));
        });
        kind(
                "more positions than the model has",
                Reason.BAD_REQUEST,
                r -> good(new LlmCall.Generate(batch(r, 1, target.positions() + r.nextInt(80)), 1)));
        kind(
                "large: too many bytes",
                Reason.TOO_LARGE,
                r -> good(new LlmCall.Generate(
                        batch(r, 1, 1 + target.bytes() / target.hidden() / 4 + r.nextInt(2000)), 1)));
        with("large: a long description", Reason.BAD_REQUEST, any(), (m, r) -> {
            for (int i = 0; i < 34_000; i++) {
                m.addInputs(InferInputTensor.getDefaultInstance());
            }
        });
        with("large: a long name", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .setName("n".repeat(70_000)));
        with("large: a long shape", Reason.BAD_REQUEST, any(), (m, r) -> input(m, random(m, r))
                .addAllShape(java.util.Collections.nCopies(70_000, 1L)));
        with(
                "large: many empty bytes",
                Reason.BAD_REQUEST,
                any(),
                (m, r) -> m.addAllRawInputContents(
                        java.util.Collections.nCopies(2000 + r.nextInt(9999), ByteString.EMPTY)));
        with(
                "large: a long ctl",
                Reason.BAD_REQUEST,
                any(),
                (m, r) -> ctl(m, " ".repeat(66_000) + json("info", 1, "")));
    }

    private void control() {
        ctl(
                "no JSON",
                Reason.BAD_REQUEST,
                r -> pick(
                        r,
                        "",
                        "{",
                        "}",
                        "null",
                        "[]",
                        "7",
                        "\"v\"",
                        "{'v':1}",
                        "{\"v\":1",
                        "{\"v\":1,}",
                        "{v:1}",
                        "\u0000\u0001",
                        "{\"v\":1}{\"v\":1}",
                        "{\"v\":+1}",
                        "{\"v\":NaN}",
                        "<xml/>",
                        "\ufffd"));
        ctl(
                "random JSON",
                Reason.BAD_REQUEST,
                r -> "}" + new String(bytes(r, r.nextInt(200)), StandardCharsets.ISO_8859_1));
        ctl(
                "a key twice",
                Reason.BAD_REQUEST,
                r -> pick(
                        r,
                        json("info", 1, ",\"v\":1"),
                        json("info", 1, ",\"op\":\"loss\""),
                        json("info", 1, ",\"x\":{\"a\":1,\"a\":2}")));
        ctl("deep nesting", Reason.BAD_REQUEST, r -> {
            int depth = 1500 + r.nextInt(10_000);
            return pick(
                    r,
                    json("info", 1, ",\"x\":" + "[".repeat(depth) + "]".repeat(depth)),
                    json("info", 1, ",\"x\":" + "[".repeat(depth)),
                    json("info", 1, ",\"x\":" + "{\"a\":".repeat(depth)));
        });
        ctl(
                "a number of a thousand digits",
                Reason.BAD_REQUEST,
                r -> json("info", 1, ",\"x\":" + "9".repeat(1001 + r.nextInt(3000))));
        ctl(
                "another version",
                Reason.VERSION,
                r -> "{\"op\":\"info\",\"v\":"
                        + pick(
                                r,
                                "0",
                                "3",
                                "-1",
                                "1.0",
                                "1e0",
                                "\"1\"",
                                "null",
                                "true",
                                "[1]",
                                "{}",
                                "4294967297",
                                "1e400",
                                "99999999999999999999999")
                        + "}");
        ctl("no version", Reason.VERSION, r -> pick(r, "{}", "{\"op\":\"info\"}", "{\"V\":1,\"op\":\"info\"}"));
        ctl(
                "an unknown operation",
                Reason.UNKNOWN_OP,
                r -> json(
                        pick(r, "train", "LOSS", "", "info ", "loss_grad2", "\\u0000", "\\n", "x".repeat(5000)),
                        1,
                        ""));
        ctl(
                "no operation",
                Reason.BAD_REQUEST,
                r -> "{\"v\":1,\"fp\":\"" + target.fingerprint() + "\""
                        + pick(r, "", ",\"op\":1", ",\"op\":null", ",\"op\":[\"info\"]", ",\"Op\":\"info\"") + "}");
        ctl(
                "another fingerprint",
                Reason.FINGERPRINT,
                r -> "{\"v\":1,\"op\":\""
                        + pick(r, "info", "loss", "embed", "score", "generate") + "\",\"fp\":\""
                        + pick(r, "", "None", "none ", "0".repeat(64), "f".repeat(3000)) + "\"}");
        ctl(
                "no fingerprint",
                Reason.BAD_REQUEST,
                r -> "{\"v\":1,\"op\":\""
                        + pick(r, "loss", "embed", "score", "generate") + "\""
                        + pick(r, "", ",\"fp\":null", ",\"fp\":1", ",\"fp\":[\"none\"]") + "}");
        with(
                "a scale that is none",
                Reason.BAD_REQUEST,
                losses(),
                (m, r) -> ctl(
                        m,
                        json(
                                "loss_grad",
                                1,
                                ",\"grad_scale\":"
                                        + pick(
                                                r,
                                                "3",
                                                "0",
                                                "-2",
                                                "1e39",
                                                "1e400",
                                                "-1e400",
                                                "1e-60",
                                                "\"1024\"",
                                                "null",
                                                "[1]",
                                                "0.1",
                                                "16777217",
                                                "true"))));
        with(
                "a number of new tokens that is none",
                Reason.BAD_REQUEST,
                generates(),
                (m, r) -> ctl(
                        m,
                        json(
                                "generate",
                                1,
                                pick(
                                        r,
                                        "",
                                        ",\"max_new\":0",
                                        ",\"max_new\":-5",
                                        ",\"max_new\":1.5",
                                        ",\"max_new\":\"3\"",
                                        ",\"max_new\":1099511627776",
                                        ",\"max_new\":1e3",
                                        ",\"max_new\":null"))));
        with("a ctl whose length lies", Reason.BAD_REQUEST, any(), (m, r) -> {
            byte[] raw = raw(m, "ctl");
            int wrong = pick(r, raw.length - 3, raw.length - 5, -1, 0, Integer.MAX_VALUE, Integer.MIN_VALUE);
            little(raw).putInt(0, wrong);
            setRaw(m, "ctl", raw);
        });
        with("a ctl of two elements", Reason.BAD_REQUEST, any(), (m, r) -> input(m, "ctl")
                .setShape(0, 2));
    }

    private void messages() {
        kind("a message cut off", Reason.BAD_REQUEST, r -> {
            byte[] whole = good(r);
            return Arrays.copyOf(whole, 1 + r.nextInt(whole.length - 1));
        });
        kind("noise", Reason.BAD_REQUEST, r -> noise(r, 1 + r.nextInt(3000)));
        kind("noise behind a message", Reason.BAD_REQUEST, r -> concat(good(r), noise(r, 1 + r.nextInt(50))));
        kind("noise before a message", Reason.BAD_REQUEST, r -> concat(noise(r, 1 + r.nextInt(50)), good(r)));
        kind(
                "a text that is no UTF-8",
                Reason.BAD_REQUEST,
                r -> concat(new byte[] {0x0a, 2, (byte) 0xff, (byte) 0xfe}, good(r)));
        kind("groups without end", Reason.BAD_REQUEST, r -> filledBytes(1 + r.nextInt(5000), (byte) 0x0b));
        kinds.put(
                "no message",
                r -> new Request("no message", SERVICE + "ModelInfer", List.of(), bearer(TOKEN), Reason.BAD_REQUEST));
        kinds.put(
                "two messages",
                r -> new Request(
                        "two messages",
                        SERVICE + "ModelInfer",
                        List.of(good(r), good(r)),
                        bearer(TOKEN),
                        Reason.BAD_REQUEST));
        for (String method : List.of("ModelReady", "ModelMetadata", "ServerMetadata")) {
            String name = "noise to " + method;
            kinds.put(
                    name,
                    r -> new Request(
                            name,
                            SERVICE + method,
                            List.of(noise(r, 1 + r.nextInt(500))),
                            bearer(TOKEN),
                            Reason.BAD_REQUEST));
        }
    }

    private void callers() {
        kinds.put(
                "a method that there is not",
                r -> new Request(
                        "a method that there is not",
                        pick(
                                r,
                                SERVICE + "Train",
                                SERVICE + "modelInfer",
                                "inference.Other/ModelInfer",
                                "a/b",
                                SERVICE + r.nextLong()),
                        List.of(good(r)),
                        bearer(TOKEN),
                        Reason.UNKNOWN_OP));
        kinds.put(
                "no right token",
                r -> new Request(
                        "no right token",
                        SERVICE + pick(r, "ModelInfer", "ModelReady", "ModelMetadata", "ServerMetadata"),
                        List.of(new byte[0]),
                        pick(
                                r,
                                null,
                                "",
                                "Bearer",
                                "Bearer ",
                                TOKEN,
                                "Basic " + TOKEN,
                                "Bearer " + TOKEN + "2",
                                "Bearer " + TOKEN.substring(1),
                                "Bearer " + "x".repeat(4000),
                                "Bearer " + TOKEN + " " + TOKEN),
                        Reason.AUTH));
        with(
                "another model",
                Reason.NO_MODEL,
                any(),
                (m, r) -> m.setModelName(
                        pick(r, "", "Frozen_LLM", "frozen_llm ", "gpt", "../frozen_llm", "x".repeat(5000))));
        kinds.put(
                "a question after another model",
                r -> new Request(
                        "a question after another model",
                        SERVICE + pick(r, "ModelReady", "ModelMetadata"),
                        List.of(concat(new byte[] {0x0a, 3}, "abc".getBytes(StandardCharsets.US_ASCII))),
                        bearer(TOKEN),
                        Reason.NO_MODEL));
    }

    // ---- sound requests ----

    /** A random sound call. */
    LlmCall<?> call(Random r) {
        return pick(r, embeds(), losses(), scores(), generates()).apply(r);
    }

    byte[] good(LlmCall<?> call) {
        return message(call).build().toByteArray();
    }

    private byte[] good(Random r) {
        return good(call(r));
    }

    private Function<Random, LlmCall<?>> any() {
        return this::call;
    }

    private Function<Random, LlmCall<?>> prompts() {
        return r -> pick(r, losses(), scores(), generates()).apply(r);
    }

    private Function<Random, LlmCall<?>> embeds() {
        return r -> new LlmCall.Embed(filled(1 + r.nextInt(8), r.nextInt(target.vocabulary())));
    }

    private Function<Random, LlmCall<?>> losses() {
        return r -> {
            PromptBatch prompts = batch(r);
            int length = 1 + r.nextInt(3);
            return new PromptLoss(
                    prompts,
                    new TokenBatch(filled(prompts.size() * length, r.nextInt(target.vocabulary())), length),
                    r.nextInt(2));
        };
    }

    private Function<Random, LlmCall<?>> scores() {
        return r -> {
            PromptBatch prompts = batch(r);
            int[][][] choices = new int[prompts.size()][1 + r.nextInt(3)][];
            for (int[][] sample : choices) {
                Arrays.fill(sample, filled(1 + r.nextInt(3), r.nextInt(target.vocabulary())));
            }
            return new LlmCall.Score(prompts, choices);
        };
    }

    private Function<Random, LlmCall<?>> generates() {
        return r -> new LlmCall.Generate(batch(r), 1 + r.nextInt(4));
    }

    private PromptBatch batch(Random r) {
        return batch(r, 1 + r.nextInt(3), 1 + r.nextInt(6));
    }

    private PromptBatch batch(Random r, int size, int tokens) {
        float[] values = new float[size * tokens * target.hidden()];
        for (int i = 0; i < values.length; i++) {
            values[i] = r.nextFloat();
        }
        return new PromptBatch(values, filled(size, tokens), tokens, target.hidden());
    }

    // ---- how to break one ----

    private interface Break {
        void apply(ModelInferRequest.Builder message, Random random);
    }

    private void with(String name, Reason reason, Function<Random, LlmCall<?>> of, Break how) {
        kind(name, reason, r -> {
            ModelInferRequest.Builder message = message(of.apply(r));
            how.apply(message, r);
            return message.build().toByteArray();
        });
    }

    private void ctl(String name, Reason reason, Function<Random, String> json) {
        with(name, reason, any(), (m, r) -> ctl(m, json.apply(r)));
    }

    private void kind(String name, Reason reason, Function<Random, byte[]> message) {
        kinds.put(
                name, r -> new Request(name, SERVICE + "ModelInfer", List.of(message.apply(r)), bearer(TOKEN), reason));
    }

    static String bearer(String token) {
        return "Bearer " + token;
    }

    private ModelInferRequest.Builder message(LlmCall<?> call) {
        return Requests.of(Caller.MODEL, target.fingerprint(), call, WireType.FP32).toBuilder();
    }

    private String json(String op, int version, String more) {
        return "{\"v\":" + version + ",\"op\":\"" + op + "\",\"fp\":\"" + target.fingerprint() + "\"" + more + "}";
    }

    private static void ctl(ModelInferRequest.Builder m, String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        byte[] raw = new byte[4 + text.length];
        little(raw).putInt(text.length).put(text);
        setRaw(m, "ctl", raw);
    }

    private static int index(ModelInferRequest.Builder m, String name) {
        for (int i = 0; i < m.getInputsCount(); i++) {
            if (m.getInputs(i).getName().equals(name)) {
                return i;
            }
        }
        throw new IllegalStateException(name);
    }

    private static InferInputTensor.Builder input(ModelInferRequest.Builder m, String name) {
        return m.getInputsBuilder(index(m, name));
    }

    private static String random(ModelInferRequest.Builder m, Random r) {
        return m.getInputs(r.nextInt(m.getInputsCount())).getName();
    }

    private static void shape(ModelInferRequest.Builder m, String name, int at, IntUnaryOperator change) {
        InferInputTensor.Builder input = input(m, name);
        input.setShape(at, change.applyAsInt((int) input.getShape(at)));
        long elements = 1;
        for (long dimension : input.getShapeList()) {
            elements *= dimension;
        }
        setRaw(m, name, new byte[(int) elements * 4]);
    }

    private static void replace(ModelInferRequest.Builder m, String name, String type, byte[] raw, int... shape) {
        InferInputTensor.Builder input = input(m, name).setDatatype(type).clearShape();
        for (int dimension : shape) {
            input.addShape(dimension);
        }
        setRaw(m, name, raw);
    }

    private static void remove(ModelInferRequest.Builder m, String name) {
        int at = index(m, name);
        List<ByteString> raws = new ArrayList<>(m.getRawInputContentsList());
        raws.remove(at);
        m.removeInputs(at).clearRawInputContents().addAllRawInputContents(raws);
    }

    private void putFirst(ModelInferRequest.Builder m, String name, Random r) {
        byte[] raw = raw(m, name);
        little(raw)
                .putInt(
                        0,
                        pick(
                                r,
                                target.vocabulary(),
                                target.vocabulary() + r.nextInt(1 << 30),
                                Integer.MAX_VALUE,
                                Integer.MIN_VALUE,
                                -2));
        setRaw(m, name, raw);
    }

    private static byte[] raw(ModelInferRequest.Builder m, String name) {
        return m.getRawInputContents(index(m, name)).toByteArray();
    }

    private static void setRaw(ModelInferRequest.Builder m, String name, byte[] raw) {
        m.setRawInputContents(index(m, name), ByteString.copyFrom(raw));
    }

    private static ByteBuffer little(byte[] raw) {
        return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] ints(int[] values) {
        byte[] raw = new byte[4 * values.length];
        little(raw).asIntBuffer().put(values);
        return raw;
    }

    private static int[] filled(int count, int value) {
        int[] values = new int[count];
        Arrays.fill(values, value);
        return values;
    }

    private static byte[] filledBytes(int count, byte value) {
        byte[] values = new byte[count];
        Arrays.fill(values, value);
        return values;
    }

    private static byte[] bytes(Random r, int count) {
        byte[] bytes = new byte[count];
        r.nextBytes(bytes);
        return bytes;
    }

    /** Random bytes that cannot be protobuf by chance: the first field's wire type is 7. */
    private static byte[] noise(Random r, int count) {
        byte[] bytes = bytes(r, count);
        bytes[0] |= 7;
        return bytes;
    }

    private static byte[] concat(byte[] one, byte[] two) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(one);
        all.writeBytes(two);
        return all.toByteArray();
    }

    @SafeVarargs
    private static <T> T pick(Random r, T... of) {
        return of[r.nextInt(of.length)];
    }
}
