package org.fednano.jinja.syntax;

import java.util.ArrayList;
import java.util.List;

/** A part of a template. */
public sealed interface Node permits Expr, Stmt {

    /** The parts of this part, in the order of Jinja2's own nodes: {@link Symbols} depends on it. */
    List<Node> children();

    /** Those given, without nulls; lists are opened. */
    static List<Node> list(Object... parts) {
        List<Node> nodes = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Node node) {
                nodes.add(node);
            } else if (part instanceof List<?> many) {
                nodes.addAll(list(many.toArray()));
            }
        }
        return nodes;
    }
}
