/** Where an endpoint keeps the features that travel once: bounded, each run's its own. */
package org.fednano.llm.store;
