package org.fednano.llm.server;

import java.util.Arrays;
import org.fednano.llm.LlmCall;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** How full a batch is. */
public final class Tokens {

    private Tokens() {}

    /** The tokens of a call that are no padding; {@link LlmCall#tokens} counts padding too. */
    public static long real(LlmCall<?> call) {
        if (call instanceof LlmCall.Embed embed) {
            return Arrays.stream(embed.ids()).filter(id -> id != TokenBatch.PAD).count();
        }
        if (call instanceof LlmCall.Loss loss) {
            long tokens = prompts(loss.prompts());
            for (int b = 0; b < loss.answers().size(); b++) {
                tokens += Math.max(0, loss.answers().count(b) - 1);
            }
            return tokens;
        }
        if (call instanceof LlmCall.Score score) {
            return prompts(score.prompts())
                    + Arrays.stream(score.choices())
                            .flatMap(Arrays::stream)
                            .mapToLong(c -> c.length - 1L)
                            .sum();
        }
        // How many tokens were generated is the answer's matter: counted as asked for.
        LlmCall.Generate generate = (LlmCall.Generate) call;
        return prompts(generate.prompts()) + (long) generate.samples() * generate.maxNew();
    }

    private static long prompts(PromptBatch prompts) {
        return Arrays.stream(prompts.lengths()).asLongStream().sum();
    }
}
