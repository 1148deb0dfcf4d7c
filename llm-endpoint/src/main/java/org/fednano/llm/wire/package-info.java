/**
 * Calls and answers of the contract {@code llmgrad/1} as the Open Inference Protocol v2 (gRPC) carries them: what client and
 * server share. Symbols as in {@code org.fednano.sample}; D is the dtype of embeddings, G of gradients.
 */
package org.fednano.llm.wire;
