/** Which process made a file, and whether it still lives. */
package org.fednano.process;
