package org.fednano.llm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.wire.Tensors.Tensor;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;

/** The tensors of the contract's second version, written and read. */
final class CodedTensors {

    private static final int REF_INTS = Features.ID_BYTES / Integer.BYTES;

    /** A modality is a byte. */
    private static final int MOST_MODALITIES = 128;

    private CodedTensors() {}

    static Tensor refs(List<String> ids) {
        ByteBuffer raw = ByteBuffer.allocate(ids.size() * Features.ID_BYTES);
        ids.forEach(id -> raw.put(HexFormat.of().parseHex(id)));
        return new Tensor(
                "refs", "INT32", new int[] {ids.size(), REF_INTS}, UnsafeByteOperations.unsafeWrap(raw.array()));
    }

    static List<String> ids(Tensors tensors) {
        Tensor refs = tensors.get("refs", "INT32", -1, REF_INTS);
        Tensors.require(refs.shape()[0] > 0, "refs must name features", "1 or more", 0);
        List<String> ids = new ArrayList<>(refs.shape()[0]);
        for (int f = 0; f < refs.shape()[0]; f++) {
            int from = f * Features.ID_BYTES;
            ids.add(HexFormat.of()
                    .formatHex(
                            refs.raw().substring(from, from + Features.ID_BYTES).toByteArray()));
        }
        return ids;
    }

    static List<Tensor> put(List<Features> features) {
        int hidden = features.get(0).hidden();
        int[] rows = features.stream().mapToInt(Features::tokens).toArray();
        int all = features.stream().mapToInt(Features::tokens).sum(); // N
        ByteBuffer x = ByteBuffer.allocate(Math.multiplyExact(Math.multiplyExact(all, hidden), Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        int[] modality = new int[all];
        int at = 0;
        for (Features some : features) {
            x.asFloatBuffer().put(some.x());
            x.position(x.position() + some.x().length * Float.BYTES);
            for (byte of : some.modality()) {
                modality[at++] = of;
            }
        }
        return List.of(
                refs(features.stream().map(Features::id).toList()),
                Tensors.ints("rows", rows, rows.length),
                new Tensor("x", "FP32", new int[] {all, hidden}, UnsafeByteOperations.unsafeWrap(x.array())),
                Tensors.ints("modality", modality, all));
    }

    /** Features whose bytes are what their names say. */
    static List<Features> readPut(Tensors tensors, int hidden) {
        List<String> ids = ids(tensors);
        int[] rows = tensors.get("rows", "INT32", ids.size()).ints();
        Tensor x = tensors.get("x", "FP32", -1, hidden);
        int all = x.shape()[0];
        int[] modality = tensors.get("modality", "INT32", all).ints();
        List<Features> features = new ArrayList<>(rows.length);
        int at = 0;
        for (int f = 0; f < rows.length; f++) {
            Tensors.require(
                    rows[f] > 0 && rows[f] <= all - at, "rows must be 1 or more and add up to N", all, "another sum");
            byte[] of = new byte[rows[f]];
            for (int t = 0; t < of.length; t++) {
                int value = modality[at + t];
                Tensors.require(value >= 0 && value < MOST_MODALITIES, "A token's modality", "0 to 127", value);
                of[t] = (byte) value;
            }
            int wide = hidden * Float.BYTES;
            ByteString raw = x.raw().substring(at * wide, (at + rows[f]) * wide);
            Features read = Features.of(WireType.FP32.decode(raw), of, hidden);
            Tensors.require(
                    read.id().equals(ids.get(f)),
                    "The hash of features " + f + " of " + rows.length + " must be that of their bytes",
                    "the same",
                    "another");
            features.add(read);
            at += rows[f];
        }
        Tensors.require(at == all, "rows must be 1 or more and add up to N", all, at);
        return features;
    }

    static List<Tensor> prompts(CodedPrompts prompts) {
        return List.of(
                refs(prompts.features().stream().map(Features::id).toList()),
                Tensors.floats(
                        "codes", WireType.FP32, prompts.codes(), prompts.size(), prompts.tokens(), prompts.rank()),
                Tensors.floats("up", WireType.FP32, prompts.up(), prompts.matrices(), prompts.rank(), prompts.hidden()),
                Tensors.ints("up_of", prompts.upOf(), prompts.size(), prompts.modalities()));
    }

    /**
     * @throws LlmException MISS if features are not held; TOO_LARGE if the embeddings would not fit a message
     */
    static CodedPrompts readPrompts(Tensors tensors, LlmInfo info, String run, float scale, FeatureSource source) {
        int hidden = info.hidden();
        Tensor codes = tensors.get("codes", "FP32", -1, -1, -1);
        int size = codes.shape()[0];
        int tokens = codes.shape()[1];
        int rank = codes.shape()[2];
        Tensors.require(
                size > 0 && tokens > 0 && rank > 0,
                "codes must hold samples and tokens",
                "1 or more",
                codes.shapeText());
        LlmException.require(
                (long) size * tokens * hidden * Float.BYTES <= info.limits().messageBytes(),
                Reason.TOO_LARGE,
                "The embeddings that codes stand for: their B*T*H*4 bytes",
                "at most " + info.limits().messageBytes(),
                (long) size * tokens * hidden * Float.BYTES);
        Tensor up = tensors.get("up", "FP32", -1, rank, hidden);
        int matrices = up.shape()[0];
        Tensors.require(matrices > 0, "up must hold matrices", "1 or more", up.shapeText());
        Tensor upOf = tensors.get("up_of", "INT32", size, -1);
        int modalities = upOf.shape()[1];
        Tensors.require(
                modalities > 0 && modalities <= MOST_MODALITIES, "up_of's modalities", "1 to 128", upOf.shapeText());
        int[] which = upOf.ints();
        for (int of : which) {
            Tensors.require(
                    of >= CodedPrompts.NONE && of < matrices, "up_of", "-1 to " + (matrices - 1), "something else");
        }
        List<String> ids = ids(tensors);
        Tensors.require(ids.size() == size, "refs must name each sample's features", size, ids.size());
        List<Features> features = new ArrayList<>(size);
        int missing = 0;
        for (int b = 0; b < size; b++) {
            Features found = source.find(run, ids.get(b));
            if (found == null) {
                missing++;
                continue;
            }
            Tensors.require(
                    found.tokens() <= tokens, "Tokens of sample " + b, "at most codes' " + tokens, found.tokens());
            features.add(found);
        }
        LlmException.require(
                missing == 0, Reason.MISS, "Features that the call names and are held", size, size - missing);
        return new CodedPrompts(features, codes.floats(), tokens, rank, scale, up.floats(), which, modalities);
    }

    /** The gradients of a call as tensors. */
    static List<Tensor> gradients(CodedLoss call, CodeGradients found) {
        CodedPrompts prompts = call.prompts();
        int rank = prompts.rank();
        int hidden = prompts.hidden();
        requireFinite(found.codes(), found.up(), found.squares(), found.each());
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(Tensors.floats("dcodes", WireType.FP32, found.codes(), prompts.size(), prompts.tokens(), rank));
        if (call.wanted() == Wanted.EACH) {
            tensors.add(Tensors.floats(
                    "dup_each", WireType.FP32, found.each(), prompts.size(), prompts.modalities(), rank, hidden));
        } else {
            tensors.add(Tensors.floats("dup", WireType.FP32, found.up(), prompts.matrices(), rank, hidden));
        }
        if (call.wanted() == Wanted.SQUARES) {
            tensors.add(Tensors.floats("dup_sq", WireType.FP32, found.squares(), prompts.matrices(), rank, hidden));
        }
        return tensors;
    }

    private static void requireFinite(float[]... gradients) {
        for (float[] values : gradients) {
            for (float value : values) {
                LlmException.require(
                        Float.isFinite(value),
                        Reason.NONFINITE_OUTPUT,
                        "Gradients of codes and W_up",
                        "finite values",
                        "NaN or infinity");
            }
        }
    }

    /** The reverse of {@link #gradients}. */
    static CodeGradients readGradients(Tensors tensors, CodedLoss call) {
        CodedPrompts prompts = call.prompts();
        int[] matrices = {prompts.matrices(), prompts.rank(), prompts.hidden()};
        boolean each = call.wanted() == Wanted.EACH;
        float[] none = new float[0];
        return new CodeGradients(
                Responses.finite(tensors.get("dcodes", "FP32", prompts.size(), prompts.tokens(), prompts.rank())),
                each ? none : Responses.finite(tensors.get("dup", "FP32", matrices)),
                call.wanted() == Wanted.SQUARES ? Responses.finite(tensors.get("dup_sq", "FP32", matrices)) : none,
                each
                        ? Responses.finite(tensors.get(
                                "dup_each",
                                "FP32",
                                prompts.size(),
                                prompts.modalities(),
                                prompts.rank(),
                                prompts.hidden()))
                        : none);
    }

    /** Bytes of the largest of a call's message, its answer and the embeddings that it stands for. */
    static long bytes(CodedPrompts prompts, long answerValues) {
        long there = prompts.codes().length + (long) prompts.up().length + prompts.upOf().length;
        long embeddings = (long) prompts.size() * prompts.tokens() * prompts.hidden();
        return Float.BYTES * Math.max(embeddings, Math.max(there + 8L * prompts.size(), answerValues));
    }
}
