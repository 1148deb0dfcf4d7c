/** Errors and bounds of a rendering, and texts and numbers as Python has them. */
package org.fednano.jinja.base;
