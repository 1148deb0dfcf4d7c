/** Is a run folder what was committed, and are its metric tables? What is broken is named, and mended as far as the run knows. */
package org.fednano.check;
