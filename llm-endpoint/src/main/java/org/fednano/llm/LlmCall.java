package org.fednano.llm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.Prompts;
import org.fednano.sample.TokenBatch;

/**
 * One call to a frozen LLM as a value: it can be sent, queued, cut into parts and joined with others. Samples never see
 * each other, so cutting and joining change results by rounding only.
 *
 * @param <R> what it answers
 */
public sealed interface LlmCall<R> permits LlmCall.Embed, PromptCall {

    /** Name of the operation in the endpoint's contract. */
    String op();

    /** Asks an LLM. */
    R on(FrozenLlm llm);

    /** Samples; for {@link Embed} its ids. */
    int samples();

    /** Tokens of each sample's prompt, padding counted. */
    int promptWidth();

    /** Tokens that each sample takes behind its prompt, padding counted. */
    int answerWidth();

    /** Tokens that each sample takes in the LLM, padding counted. */
    default int width() {
        return promptWidth() + answerWidth();
    }

    /** Tokens that it takes in the LLM, padding counted: samples times {@link #width}. */
    default long tokens() {
        return (long) samples() * width();
    }

    /** What a server's limit counts: {@link #tokens}, or more where work comes without them. */
    default long boundTokens() {
        return tokens();
    }

    /** Its tokens that are no padding; {@link #tokens} counts padding too. */
    long realTokens();

    /** Operation and shapes, for messages. */
    String shapes();

    /** Its prompts, if they are features and codes; else null. */
    default CodedPrompts coded() {
        return null;
    }

    /** Whether its parts fit each other: joined, one that does not would shift the samples of those behind it. */
    boolean fits(int hidden);

    /** Bytes that it and its answer take in memory as float32 and int32, padding counted. */
    long heldBytes(int hidden);

    /** Bytes of float32 and int32 that say it, padding not counted. */
    long upBytes();

    /** Bytes of float32 and int32 that say its answer, padding not counted. */
    long downBytes(R answer);

    /** What depends on the kind of call elsewhere; a new kind does not compile until every such place has its case. */
    <T> T match(Cases<T> cases);

    /** A case for each kind of call. */
    interface Cases<T> {
        T embed(Embed call);

        T loss(PromptLoss call);

        T codedLoss(CodedLoss call);

        T score(Score call);

        T generate(Generate call);
    }

    /** Samples {@code from} to {@code to} − 1. */
    LlmCall<R> part(int from, int to);

    /** The answer to this call from those to consecutive parts of it. */
    R gather(List<R> parts);

    /** Whether the other call may share a request with this one. */
    boolean joins(LlmCall<?> other);

    /** This call's kind over the samples of several; each must {@linkplain #joins join} this one. */
    LlmCall<R> join(List<? extends LlmCall<R>> calls);

    /** This call's part of the answer to a joined call, whose samples it has from {@code from} on. */
    R scatter(LlmCall<R> joined, R answer, int from);

    /**
     * Rows of the token-embedding table.
     *
     * @param ids (N), −1 for a row of zeros
     */
    record Embed(int[] ids) implements LlmCall<float[]> {
        @Override
        public String op() {
            return "embed";
        }

        @Override
        public float[] on(FrozenLlm llm) {
            return llm.embed(ids);
        }

        @Override
        public int samples() {
            return ids.length;
        }

        @Override
        public int promptWidth() {
            return 1;
        }

        @Override
        public int answerWidth() {
            return 0;
        }

        @Override
        public long realTokens() {
            return Arrays.stream(ids).filter(id -> id != TokenBatch.PAD).count();
        }

        @Override
        public String shapes() {
            return "embed of " + ids.length + " ids";
        }

        @Override
        public boolean fits(int hidden) {
            return true;
        }

        @Override
        public long heldBytes(int hidden) {
            return 4L * ids.length * (1 + hidden);
        }

        @Override
        public long upBytes() {
            return 4L * ids.length;
        }

        @Override
        public long downBytes(float[] answer) {
            return 4L * answer.length;
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.embed(this);
        }

        @Override
        public Embed part(int from, int to) {
            return new Embed(Arrays.copyOfRange(ids, from, to));
        }

        @Override
        public float[] gather(List<float[]> parts) {
            return LlmCall.concat(parts);
        }

        @Override
        public boolean joins(LlmCall<?> other) {
            return other instanceof Embed;
        }

        @Override
        public Embed join(List<? extends LlmCall<float[]>> calls) {
            return new Embed(calls.stream()
                    .flatMapToInt(c -> Arrays.stream(((Embed) c).ids))
                    .toArray());
        }

        @Override
        public float[] scatter(LlmCall<float[]> joined, float[] answer, int from) {
            int hidden = answer.length / Math.max(1, joined.samples());
            return Arrays.copyOfRange(answer, from * hidden, (from + ids.length) * hidden);
        }
    }

    /** {@link FrozenLlm#score}. */
    record Score(Prompts prompts, int[][][] choices) implements PromptCall<Scores> {
        @Override
        public String op() {
            return LlmCall.op("score", prompts);
        }

        @Override
        public Scores on(FrozenLlm llm) {
            return prompts instanceof CodedPrompts coded
                    ? llm.score(coded, choices)
                    : llm.score((PromptBatch) prompts, choices);
        }

        @Override
        public int answerWidth() {
            int extra = 0;
            for (int[][] sample : choices) {
                extra = Math.max(
                        extra, Arrays.stream(sample).mapToInt(c -> c.length - 1).sum());
            }
            return extra;
        }

        private long choiceTokens() {
            return Arrays.stream(choices)
                    .flatMap(Arrays::stream)
                    .mapToLong(c -> c.length)
                    .sum();
        }

        private long count() {
            return Arrays.stream(choices).mapToLong(c -> c.length).sum();
        }

        /** A choice of one token takes no place behind its prompt, but a row of logits all the same. */
        @Override
        public long boundTokens() {
            return Math.max(tokens(), choiceTokens());
        }

        @Override
        public long realTokens() {
            return prompts.realTokens() + choiceTokens() - count();
        }

        @Override
        public String shapes() {
            return op() + " of " + LlmCall.shape(prompts);
        }

        @Override
        public boolean fits(int hidden) {
            return prompts.hidden() == hidden && choices.length == samples();
        }

        @Override
        public long heldBytes(int hidden) {
            return LlmCall.held(prompts) + 4 * choiceTokens() + 12 * count();
        }

        @Override
        public long upBytes() {
            return 4 * (prompts.values() + choiceTokens());
        }

        @Override
        public long downBytes(Scores answer) {
            return 12 * count();
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.score(this);
        }

        @Override
        public Score part(int from, int to) {
            return new Score(prompts.part(from, to), Arrays.copyOfRange(choices, from, to));
        }

        @Override
        public Scores gather(List<Scores> parts) {
            List<double[]> sums = new ArrayList<>();
            List<int[]> tokens = new ArrayList<>();
            for (Scores part : parts) {
                sums.addAll(Arrays.asList(part.logLikelihood()));
                tokens.addAll(Arrays.asList(part.tokens()));
            }
            return new Scores(sums.toArray(new double[0][]), tokens.toArray(new int[0][]));
        }

        @Override
        public boolean joins(LlmCall<?> other) {
            return other instanceof Score score && prompts.joins(score.prompts);
        }

        @Override
        public Score join(List<? extends LlmCall<Scores>> calls) {
            return new Score(
                    prompts.joined(calls.stream().map(c -> ((Score) c).prompts).toList()),
                    calls.stream()
                            .flatMap(c -> Arrays.stream(((Score) c).choices))
                            .toArray(int[][][]::new));
        }

        @Override
        public Scores scatter(LlmCall<Scores> joined, Scores answer, int from) {
            int to = from + samples();
            return new Scores(
                    Arrays.copyOfRange(answer.logLikelihood(), from, to),
                    Arrays.copyOfRange(answer.tokens(), from, to));
        }
    }

    /** {@link FrozenLlm#generate}. */
    record Generate(Prompts prompts, int maxNew) implements PromptCall<int[][]> {
        @Override
        public String op() {
            return LlmCall.op("generate", prompts);
        }

        @Override
        public int[][] on(FrozenLlm llm) {
            return prompts instanceof CodedPrompts coded
                    ? llm.generate(coded, maxNew)
                    : llm.generate((PromptBatch) prompts, maxNew);
        }

        @Override
        public int answerWidth() {
            return maxNew;
        }

        /** An int would overflow with a large {@code maxNew}. */
        @Override
        public long boundTokens() {
            return samples() * ((long) prompts.tokens() + maxNew);
        }

        /** Tokens that may be generated count as asked for. */
        @Override
        public long realTokens() {
            return prompts.realTokens() + (long) samples() * maxNew;
        }

        @Override
        public String shapes() {
            return op() + " of " + LlmCall.shape(prompts) + ", max_new = " + maxNew;
        }

        @Override
        public boolean fits(int hidden) {
            return prompts.hidden() == hidden;
        }

        @Override
        public long heldBytes(int hidden) {
            return LlmCall.held(prompts) + 4L * samples() * maxNew;
        }

        @Override
        public long upBytes() {
            return 4 * prompts.values();
        }

        @Override
        public long downBytes(int[][] answer) {
            return 4 * Arrays.stream(answer).mapToLong(ids -> ids.length).sum();
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.generate(this);
        }

        @Override
        public Generate part(int from, int to) {
            return new Generate(prompts.part(from, to), maxNew);
        }

        @Override
        public int[][] gather(List<int[][]> parts) {
            return parts.stream().flatMap(Arrays::stream).toArray(int[][]::new);
        }

        @Override
        public boolean joins(LlmCall<?> other) {
            return other instanceof Generate generate && generate.maxNew == maxNew && prompts.joins(generate.prompts);
        }

        @Override
        public Generate join(List<? extends LlmCall<int[][]>> calls) {
            return new Generate(
                    prompts.joined(
                            calls.stream().map(c -> ((Generate) c).prompts).toList()),
                    maxNew);
        }

        @Override
        public int[][] scatter(LlmCall<int[][]> joined, int[][] answer, int from) {
            return Arrays.copyOfRange(answer, from, from + samples());
        }
    }

    static float[] concat(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** An operation with features and codes is one of the contract's second version. */
    static String op(String name, Prompts prompts) {
        return prompts instanceof CodedPrompts ? name + "2" : name;
    }

    /** Bytes in memory, padding counted. */
    static long held(Prompts prompts) {
        if (prompts instanceof CodedPrompts coded) {
            return 4L * (coded.codes().length + coded.up().length)
                    + coded.features().stream().mapToLong(Features::bytes).sum();
        }
        return 4L * ((PromptBatch) prompts).embeds().length;
    }

    static String shape(Prompts prompts) {
        return "(B, T, H) = (" + prompts.size() + ", " + prompts.tokens() + ", " + prompts.hidden() + ")"
                + (prompts instanceof CodedPrompts coded ? ", R = " + coded.rank() : "");
    }

    /**
     * The samples' tokens of every call of a batch, padded to the widest prompt and the longest answer, which may be of
     * different calls: what it costs to join them.
     */
    static long joinedTokens(List<? extends LlmCall<?>> calls) {
        long prompt = calls.stream().mapToInt(LlmCall::promptWidth).max().orElse(0);
        long answer = calls.stream().mapToInt(LlmCall::answerWidth).max().orElse(0);
        return calls.stream().mapToLong(LlmCall::samples).sum() * (prompt + answer);
    }
}
