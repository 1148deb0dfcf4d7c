package org.fednano.jinja.value;

/** {@code namespace()}: what {@code set} may change. */
public record Namespace(Dict values) {}
