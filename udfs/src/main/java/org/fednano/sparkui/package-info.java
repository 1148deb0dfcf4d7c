/** Spark's own UI, as this project's commands start it. */
package org.fednano.sparkui;
