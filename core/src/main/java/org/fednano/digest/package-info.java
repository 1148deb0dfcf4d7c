/** SHA-256, which names the content of files, rows and models. */
package org.fednano.digest;
