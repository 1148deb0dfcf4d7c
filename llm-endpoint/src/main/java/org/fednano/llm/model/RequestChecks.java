package org.fednano.llm.model;

import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** What a request to the LLM must fulfil; a violation is the caller's error and says the rule and the value. */
final class RequestChecks {

    private final LlamaConfig config;
    private final int maxTokens;

    RequestChecks(LlamaConfig config, int maxTokens) {
        this.config = config;
        this.maxTokens = maxTokens;
    }

    /**
     * @param prompts a batch
     * @param extra tokens that will stand behind each prompt, at most
     */
    void prompts(PromptBatch prompts, int extra) {
        require(prompts.size() > 0, "A request must hold samples", "1 or more", prompts.size());
        require(
                prompts.hidden() == config.hidden(),
                "Embeddings must have the LLM's width H",
                config.hidden(),
                prompts.hidden());
        int length = Math.addExact(prompts.tokens(), extra);
        require(
                length <= config.maxPositions(),
                "Prompt and answer must fit max_position_embeddings",
                "at most " + config.maxPositions(),
                length);
        long tokens = (long) prompts.size() * length;
        LlmException.require(
                tokens <= maxTokens,
                Reason.TOO_LARGE,
                "A request's B*(T+L) must be within its limit",
                "at most " + maxTokens,
                tokens);
        float[] embeds = prompts.embeds();
        int other = Finite.firstOther(embeds, 0, embeds.length);
        if (other >= 0) {
            int token = other / prompts.hidden();
            throw new LlmException(
                    Reason.NONFINITE_INPUT,
                    "Embeddings must be finite: they are not at sample " + token / prompts.tokens() + ", token "
                            + token % prompts.tokens());
        }
    }

    void answers(PromptBatch prompts, TokenBatch answers) {
        require(answers.size() == prompts.size(), "Each prompt must have an answer", prompts.size(), answers.size());
        for (int b = 0; b < answers.size(); b++) {
            int count = answers.count(b);
            require(count > 0, "Answer of sample " + b + " must have a token", "1 or more", count);
            for (int i = 0; i < answers.length(); i++) {
                int id = answers.ids()[b * answers.length() + i];
                if (i < count) {
                    id(id);
                } else {
                    require(id == TokenBatch.PAD, "Behind an answer's end only padding may stand", TokenBatch.PAD, id);
                }
            }
        }
    }

    void choices(PromptBatch prompts, int[][][] choices) {
        require(choices.length == prompts.size(), "Each prompt must have its choices", prompts.size(), choices.length);
        for (int b = 0; b < choices.length; b++) {
            LlmException.require(
                    choices[b].length > 0,
                    Reason.CHOICE,
                    "Sample " + b + " must have a choice",
                    "1 or more",
                    choices[b].length);
            for (int[] choice : choices[b]) {
                LlmException.require(
                        choice.length > 0,
                        Reason.CHOICE,
                        "A choice of sample " + b + " must have a token",
                        "1 or more",
                        choice.length);
                for (int id : choice) {
                    id(id);
                }
            }
        }
    }

    void id(int id) {
        LlmException.require(
                id >= 0 && id < config.vocabulary(),
                Reason.TOKEN_RANGE,
                "A token id must be in the vocabulary",
                "0 to " + (config.vocabulary() - 1),
                "one outside");
    }

    static void require(boolean holds, String rule, Object expected, Object got) {
        LlmException.require(holds, Reason.BAD_REQUEST, rule, expected, got);
    }
}
