/** Folders with one writer: files that appear whole or not at all, on local disks, HDFS and object stores; leases. */
package org.fednano.files;
