package org.fednano.llm.check;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.fednano.llm.LlmException;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.llm.check.CheckRunner.Skip;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** How many tokens loss_grad takes in a second, one request at a time. */
final class Throughput {

    private static final int[][] SHAPES = {{1, 16}, {4, 32}, {8, 128}}; // B, T

    private Throughput() {}

    static void add(CheckRunner sheet, EndpointUnderTest s, Duration time) {
        for (int[] shape : SHAPES) {
            sheet.add(
                    "throughput: loss_grad of (B, T) = (" + shape[0] + ", " + shape[1] + ")",
                    "none",
                    () -> measure(s, shape[0], shape[1], time));
        }
    }

    private static Found measure(EndpointUnderTest s, int size, int tokens, Duration time) {
        if (time.isZero()) {
            throw new Skip("--seconds is 0");
        }
        Random random = new Random(1);
        int[] lengths = new int[size];
        Arrays.fill(lengths, tokens);
        PromptBatch prompts = EndpointUnderTest.prompts(s.llm(), random, lengths);
        TokenBatch answers = new TokenBatch(EndpointUnderTest.ids(s.info(), random, 2 * size), 2);
        PromptLoss call = new PromptLoss(prompts, answers, 1024);
        if (call.tokens() > s.info().limits().tokens()) {
            throw new Skip("a request may hold " + s.info().limits().tokens() + " tokens");
        }
        try {
            s.llm().call(call); // the first one may compile or allocate
        } catch (LlmException e) {
            if (e.reason() == Reason.BAD_REQUEST) {
                throw new Skip("it does not take prompts of this length: " + e.getMessage());
            }
            throw e;
        }
        long start = System.nanoTime();
        int calls = 0;
        do {
            s.llm().call(call);
            calls++;
        } while (System.nanoTime() - start < time.toNanos());
        double seconds = (System.nanoTime() - start) / 1e9;
        return Found.of(
                true,
                CheckRunner.text(
                        "%.0f tokens/s, %.1f ms a call", calls * call.tokens() / seconds, 1000 * seconds / calls));
    }
}
