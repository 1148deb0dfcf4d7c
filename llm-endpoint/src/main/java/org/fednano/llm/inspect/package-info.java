/** What a model becomes when it is split between clients and server: parameters, bytes, traffic. */
package org.fednano.llm.inspect;
