/** From a template's text to its tree: lexer, parser, and the nodes that they make. */
package org.fednano.jinja.syntax;
