/** Filters and tests by name. */
package org.fednano.jinja.filter;
