/**
 * The endpoint's server side: contract {@code llmgrad/1} over gRPC for any {@link org.fednano.llm.FrozenLlm}, with TLS,
 * bearer tokens and a bounded queue. Knows neither which LLM answers nor who asks.
 */
package org.fednano.llm.server;
