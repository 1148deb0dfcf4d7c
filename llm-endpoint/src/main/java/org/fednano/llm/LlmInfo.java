package org.fednano.llm;

import java.util.Objects;

/**
 * What a frozen LLM says of itself.
 *
 * @param name model name
 * @param fingerprint SHA-256 over weights, config, tokenizer and compute dtype, in hexadecimal
 * @param hidden H
 * @param vocabulary rows of the token-embedding table
 * @param layers decoder layers
 * @param dtype compute dtype, such as {@code FP32}
 * @param limits what one request may hold
 * @param probe a pinned question with its answer, by which a caller sees that the numbers arrive right
 * @param version the highest version of the endpoint's contract that it takes: 2 with features and codes
 */
public record LlmInfo(
        String name,
        String fingerprint,
        int hidden,
        int vocabulary,
        int layers,
        String dtype,
        Limits limits,
        Probe probe,
        int version) {

    /** With version 1 alone. */
    public LlmInfo(
            String name,
            String fingerprint,
            int hidden,
            int vocabulary,
            int layers,
            String dtype,
            Limits limits,
            Probe probe) {
        this(name, fingerprint, hidden, vocabulary, layers, dtype, limits, probe, 1);
    }

    public LlmInfo {
        Objects.requireNonNull(limits);
        Objects.requireNonNull(probe);
    }

    /**
     * @param tokens per request at most: B·(T+L), padding counted
     * @param messageBytes of one message at most, either way
     */
    public record Limits(int tokens, long messageBytes) {}

    /**
     * @param prompt ids of the prompt's tokens, as if it were text alone
     * @param answer ids of the answer's tokens
     * @param loss what {@code loss} gives for them, in nats
     */
    public record Probe(int[] prompt, int[] answer, float loss) {}
}
