/** From a raw data set to one shard per client; the module's commands. */
package org.fednano.prep;
