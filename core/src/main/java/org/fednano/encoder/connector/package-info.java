/** Training of what leads from a frozen encoder to a frozen LLM: one flat vector of parameters, its passes and its start. */
package org.fednano.encoder.connector;
