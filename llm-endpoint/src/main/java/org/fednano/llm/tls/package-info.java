/** What server and client both know of certificates. */
package org.fednano.llm.tls;
