/** Commands of the LLM endpoint: {@code fednano endpoint serve} and its kin. */
package org.fednano.llm.cli;
