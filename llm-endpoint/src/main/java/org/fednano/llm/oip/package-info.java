/**
 * The frozen LLM over the Open Inference Protocol v2 (gRPC), contract {@code llmgrad/1}: what calls and answers look like
 * on the wire, and the client. Symbols as in {@code org.fednano.sample}; D is the dtype of embeddings, G of gradients.
 */
package org.fednano.llm.oip;
