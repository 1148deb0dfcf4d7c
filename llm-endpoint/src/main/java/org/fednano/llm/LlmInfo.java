package org.fednano.llm;

/**
 * What a frozen LLM says of itself.
 *
 * @param name model name
 * @param fingerprint SHA-256 over weights, config, tokenizer and compute dtype, in hexadecimal
 * @param hidden H
 * @param vocabulary rows of the token-embedding table
 * @param layers decoder layers
 * @param dtype compute dtype, such as {@code FP32}
 * @param maxTokens tokens per request at most (B·(T+L))
 */
public record LlmInfo(
        String name, String fingerprint, int hidden, int vocabulary, int layers, String dtype, int maxTokens) {}
