/** Samples and the batches made of them. Symbols: B samples, T prompt tokens, H hidden size, L answer tokens, C choices. */
package org.fednano.sample;
