/**
 * What a client computes and never trains: picture and text to prompt embeddings. Symbols: B samples, P patches, S picture
 * side in pixels, D width of the vision tower, T prompt tokens, H hidden size of the LLM.
 */
package org.fednano.encoder;
