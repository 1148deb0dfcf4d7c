/** The vision towers of CLIP and SigLIP over named weights. */
package org.fednano.vision;
