package org.fednano.gateway;

import java.util.Arrays;
import org.fednano.llm.LlmCall;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** What calls and answers hold, in bytes of float32 and int32. */
final class CallSize {

    private CallSize() {}

    /** Whether a call's parts fit each other: joined, one that does not would shift the samples of those behind it. */
    static boolean isSound(LlmCall<?> call, int hidden) {
        if (call instanceof LlmCall.Loss loss) {
            return loss.prompts().hidden() == hidden && loss.answers().size() == loss.samples();
        } else if (call instanceof LlmCall.Score score) {
            return score.prompts().hidden() == hidden && score.choices().length == score.samples();
        }
        return !(call instanceof LlmCall.Generate generate)
                || generate.prompts().hidden() == hidden;
    }

    /** Bytes that a call and its answer take in memory, padding counted. */
    static long held(LlmCall<?> call, int hidden) {
        if (call instanceof LlmCall.Embed embed) {
            return 4L * embed.ids().length * (1 + hidden);
        } else if (call instanceof LlmCall.Loss loss) {
            long embeds = 4L * loss.prompts().embeds().length;
            return embeds * (loss.withGradient() ? 2 : 1) + 4L * loss.answers().ids().length + 8L * loss.samples();
        } else if (call instanceof LlmCall.Score score) {
            return 4L * score.prompts().embeds().length + 4 * ids(score.choices()) + 12 * count(score.choices());
        }
        LlmCall.Generate generate = (LlmCall.Generate) call;
        return 4L * generate.prompts().embeds().length + 4L * generate.samples() * generate.maxNew();
    }

    /** What a call and its answer moved, padding not counted; it took no time yet. */
    static Traffic moved(LlmCall<?> call, Object answer) {
        if (call instanceof LlmCall.Embed embed) {
            return new Traffic(4L * embed.ids().length, 0, 4L * ((float[]) answer).length, 0, 0, 0);
        } else if (call instanceof LlmCall.Loss loss) {
            long gradient = loss.withGradient() ? bytes(loss.prompts()) : 0;
            return prompts(loss.prompts(), 4 * ids(loss.answers()), gradient + 8L * loss.samples());
        } else if (call instanceof LlmCall.Score score) {
            return prompts(score.prompts(), 4 * ids(score.choices()), 12 * count(score.choices()));
        }
        long generated =
                Arrays.stream((int[][]) answer).mapToLong(ids -> ids.length).sum();
        return prompts(((LlmCall.Generate) call).prompts(), 0, 4 * generated);
    }

    private static Traffic prompts(PromptBatch prompts, long more, long down) {
        return new Traffic(bytes(prompts) + more, down, 0, prompts.size(), 0, 0);
    }

    private static long tokens(PromptBatch prompts) {
        return Arrays.stream(prompts.lengths()).asLongStream().sum();
    }

    private static long bytes(PromptBatch prompts) {
        return 4L * tokens(prompts) * prompts.hidden();
    }

    private static long ids(TokenBatch answers) {
        return Arrays.stream(answers.ids()).filter(id -> id != TokenBatch.PAD).count();
    }

    private static long ids(int[][][] choices) {
        return Arrays.stream(choices)
                .flatMap(Arrays::stream)
                .mapToLong(c -> c.length)
                .sum();
    }

    private static long count(int[][][] choices) {
        return Arrays.stream(choices).mapToLong(c -> c.length).sum();
    }
}
