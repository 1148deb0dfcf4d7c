/** Which client gets which sample. */
package org.fednano.prep.split;
