package org.fednano.cli;

import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.sample.PromptBatch;
import org.fednano.spark.FakePassingLlm;

/** A real LLM that can be told to answer gradients only, as if it went away when a round's evaluation begins. */
final class FakeFailingScores extends FakePassingLlm {

    final AtomicInteger scores = new AtomicInteger();

    volatile boolean failing;

    /** Calls for scores, from the first one, that are answered all the same. */
    volatile int failAfter;

    FakeFailingScores(FrozenLlm llm) {
        super(llm);
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        if (scores.incrementAndGet() > failAfter && failing) {
            throw new LlmException(Reason.NOT_READY, "told to fail");
        }
        return super.score(prompts, choices);
    }
}
