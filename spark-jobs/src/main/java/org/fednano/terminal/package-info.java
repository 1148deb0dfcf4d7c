/** What commands show in a terminal: figures, accuracy tables. */
package org.fednano.terminal;
