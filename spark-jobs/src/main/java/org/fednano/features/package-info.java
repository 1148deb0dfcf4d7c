/** Features of clients' rows and embedding rows of their words: made once, kept in files with the client, read back row by row. */
package org.fednano.features;
