/** Seeded random numbers that stay the same on every Java version. */
package org.fednano.random;
