/** Typed settings, each defined once, and the exit statuses that commands answer with. */
package org.fednano.settings;
