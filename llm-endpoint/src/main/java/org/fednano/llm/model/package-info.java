/** The decoder itself, of the LLaMA family, on the tensor engine. Symbols as in {@code org.fednano.sample}; V vocabulary. */
package org.fednano.llm.model;
