package org.fednano.runstore;

/**
 * What a run is pinned to, as SHA-256 in hexadecimal; a run folder of other fingerprints is refused.
 *
 * @param llm of the frozen LLM ({@code LlmInfo.fingerprint})
 * @param encoder of encoder, connector and preprocessing
 * @param shards of the bytes of the shards' {@code manifest.json}; a word instead where clients come from a catalogue,
 *     since their rows may change between rounds
 */
public record Fingerprints(String llm, String encoder, String shards) {}
