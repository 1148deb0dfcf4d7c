package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmCall;
import org.fednano.llm.PromptLoss;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.junit.jupiter.api.Test;

/** Calls cut into parts, and joined with others, answer as whole ones do. */
class LlmCallTest {

    private static final int[] LENGTHS = {9, 4, 7, 2};
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {3, 5, 1}, new int[] {4}, new int[] {7, 2}, new int[] {6, 6, 6, 6}));
    private static final int[][][] CHOICES = {{{3, 1}, {4}}, {{5, 5, 5}}, {{6}, {7}, {8, 8}}, {{9, 2}}};

    @Test
    void partsGatherToTheWhole() {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            same(parts(new PromptLoss(prompts, ANSWERS, 4), llm), llm.lossGradient(prompts, ANSWERS, 4));
            same(parts(new PromptLoss(prompts, ANSWERS), llm), llm.loss(prompts, ANSWERS));
            same(parts(new LlmCall.Score(prompts, CHOICES), llm), llm.score(prompts, CHOICES));
            assertArrayEquals(llm.generate(prompts, 5), parts(new LlmCall.Generate(prompts, 5), llm));
            int[] ids = {3, -1, 4, 28};
            assertArrayEquals(llm.embed(ids), parts(new LlmCall.Embed(ids), llm));
        }
    }

    @Test
    void joinedCallsScatterToTheirOwn() {
        PromptBatch wide = TinyDecoder.prompts(16, 9, LENGTHS);
        PromptBatch slim = wide.part(1, 4);
        assertEquals(7, slim.tokens());
        TokenBatch some = ANSWERS.part(1, 4);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            List<Result> results =
                    joined(List.of(new PromptLoss(wide, ANSWERS, 2), new PromptLoss(slim, some, 2)), llm);
            same(results.get(0), llm.lossGradient(wide, ANSWERS, 2));
            same(results.get(1), llm.lossGradient(slim, some, 2));
            List<Scores> scores = joined(
                    List.of(
                            new LlmCall.Score(slim, java.util.Arrays.copyOfRange(CHOICES, 1, 4)),
                            new LlmCall.Score(wide, CHOICES)),
                    llm);
            same(scores.get(0), llm.score(slim, java.util.Arrays.copyOfRange(CHOICES, 1, 4)));
            same(scores.get(1), llm.score(wide, CHOICES));
            List<int[][]> tokens = joined(List.of(new LlmCall.Generate(wide, 3), new LlmCall.Generate(slim, 3)), llm);
            assertArrayEquals(llm.generate(wide, 3), tokens.get(0));
            assertArrayEquals(llm.generate(slim, 3), tokens.get(1));
            List<float[]> rows =
                    joined(List.of(new LlmCall.Embed(new int[] {1, 2}), new LlmCall.Embed(new int[] {5})), llm);
            assertArrayEquals(llm.embed(new int[] {5}), rows.get(1));
        }
    }

    @Test
    void onlyCallsOfOneKindJoin() {
        PromptBatch prompts = TinyDecoder.prompts(16, 9, LENGTHS);
        LlmCall<Result> gradient = new PromptLoss(prompts, ANSWERS, 2);
        assertTrue(gradient.joins(new PromptLoss(prompts, ANSWERS, 2)));
        assertFalse(gradient.joins(new PromptLoss(prompts, ANSWERS, 4)));
        assertFalse(gradient.joins(new PromptLoss(prompts, ANSWERS)));
        assertFalse(new LlmCall.Generate(prompts, 3).joins(new LlmCall.Generate(prompts, 4)));
        assertEquals(4 * (9 + 3), gradient.tokens());
        assertEquals(4 * (9 + 1), new LlmCall.Score(prompts, CHOICES).part(0, 4).tokens() - 4);
    }

    /** The widest prompt and the longest answer may be of different calls. */
    @Test
    void aJoinedCallIsAsWideAsItsWidestPromptAndItsLongestAnswer() {
        PromptBatch wide = TinyDecoder.prompts(16, 9, 9);
        PromptBatch slim = TinyDecoder.prompts(16, 8, 8);
        same(new PromptLoss(wide, ANSWERS.part(1, 2)), new PromptLoss(slim, ANSWERS.part(3, 4)));
        same(new LlmCall.Score(wide, new int[][][] {{{3}}}), new LlmCall.Score(slim, new int[][][] {{{3, 4, 5}, {6, 7}}
        }));
    }

    private static <R> void same(LlmCall<R> one, LlmCall<R> other) {
        List<LlmCall<R>> calls = List.of(one, other);
        assertEquals(one.join(calls).tokens(), LlmCall.joinedTokens(calls));
    }

    private static <R> R parts(LlmCall<R> call, EmbeddedLlm llm) {
        List<R> answers = new ArrayList<>();
        answers.add(call.part(0, 1).on(llm));
        answers.add(call.part(1, 4).on(llm));
        return call.gather(answers);
    }

    private static <R> List<R> joined(List<LlmCall<R>> calls, EmbeddedLlm llm) {
        LlmCall<R> joined = calls.get(0).join(calls);
        assertEquals(LlmCall.joinedTokens(calls), joined.tokens());
        R answer = joined.on(llm);
        List<R> own = new ArrayList<>();
        int from = 0;
        for (LlmCall<R> call : calls) {
            own.add(call.scatter(joined, answer, from));
            from += call.samples();
        }
        return own;
    }

    private static void same(Result actual, Result expected) {
        assertArrayEquals(expected.answerTokens(), actual.answerTokens());
        assertArrayEquals(expected.loss(), actual.loss(), 1e-5f);
        assertArrayEquals(expected.gradient(), actual.gradient(), 1e-5f);
    }

    private static void same(Scores actual, Scores expected) {
        assertArrayEquals(expected.tokens(), actual.tokens());
        assertEquals(expected.logLikelihood().length, actual.logLikelihood().length);
        for (int b = 0; b < expected.logLikelihood().length; b++) {
            assertArrayEquals(expected.logLikelihood()[b], actual.logLikelihood()[b], 1e-4);
        }
    }
}
