/** Rows of tables that others wrote: what their values mean, the same for every command that reads them. */
package org.fednano.rows;
