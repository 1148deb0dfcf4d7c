/** Whether a server, ours or not, keeps to contract {@code llmgrad/1}: one row per check. */
package org.fednano.llm.check;
