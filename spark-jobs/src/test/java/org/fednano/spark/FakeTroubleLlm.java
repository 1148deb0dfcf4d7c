package org.fednano.spark;

import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A real LLM with trouble before some gradient calls. */
public final class FakeTroubleLlm extends FakePassingLlm {

    /** What happens before the n-th gradient call, from 1. */
    public interface Trouble {
        void before(int call);
    }

    private final Trouble trouble;
    private final AtomicInteger calls = new AtomicInteger();

    public FakeTroubleLlm(FrozenLlm llm, Trouble trouble) {
        super(llm);
        this.trouble = trouble;
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        trouble.before(calls.incrementAndGet());
        return super.lossGradient(prompts, answers, gradScale);
    }
}
