/** Attributes and methods of values, formatting, JSON, and the global functions. */
package org.fednano.jinja.library;
