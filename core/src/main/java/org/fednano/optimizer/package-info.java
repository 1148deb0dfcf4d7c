/** Local optimisers over the adapter's flat vector. State is fresh each round and never leaves the client. */
package org.fednano.optimizer;
