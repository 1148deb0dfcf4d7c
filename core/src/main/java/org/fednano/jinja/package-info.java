/**
 * Templates in the language of Jinja2 3.1 with the settings of transformers' chat templates: sandboxed, {@code trim_blocks} and
 * {@code lstrip_blocks} on. What it renders is what Jinja2 renders; what it does not know is refused by name. Templates are
 * untrusted: size, steps and depth are bounded. Needs nothing but the JDK.
 */
package org.fednano.jinja;
