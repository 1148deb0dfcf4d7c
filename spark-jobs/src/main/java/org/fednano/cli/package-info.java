/** The commands that run on Spark: what a person or a scheduler calls. */
package org.fednano.cli;
