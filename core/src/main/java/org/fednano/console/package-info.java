/** What a person sees while a command works. */
package org.fednano.console;
