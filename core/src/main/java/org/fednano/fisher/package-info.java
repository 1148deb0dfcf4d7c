/** Diagonal empirical Fisher information: the mean over samples of the squared per-sample gradient. */
package org.fednano.fisher;
