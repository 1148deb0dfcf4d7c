package org.fednano.jinja;

/** {@code namespace()}: what {@code set} may change. */
record Namespace(Dict values) {}
