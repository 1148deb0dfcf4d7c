package org.fednano.llm;

import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Prompts;

/** A call on prompts: embeddings, or features and codes. */
public sealed interface PromptCall<R> extends LlmCall<R> permits LossCall, LlmCall.Score, LlmCall.Generate {

    /** (B) prompts of up to T tokens. */
    Prompts prompts();

    @Override
    default int samples() {
        return prompts().size();
    }

    @Override
    default int promptWidth() {
        return prompts().tokens();
    }

    @Override
    default CodedPrompts coded() {
        return prompts() instanceof CodedPrompts coded ? coded : null;
    }
}
