/** This machine's own disk as Hadoop sees it. */
package org.fednano.localdisk;
