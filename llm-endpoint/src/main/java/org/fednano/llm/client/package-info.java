/** The frozen LLM behind one or several endpoints: connections, handshake, balancing with back-off, splitting of large calls. */
package org.fednano.llm.client;
