package org.fednano.jinja;

import static org.fednano.jinja.base.JinjaException.limit;
import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.filter.Filters;
import org.fednano.jinja.filter.Tests;
import org.fednano.jinja.syntax.Expr;
import org.fednano.jinja.syntax.Node;
import org.fednano.jinja.syntax.Stmt;
import org.fednano.jinja.syntax.Symbols;

/** The scopes of a template, and what can be known to be wrong in it before it runs. */
final class Scopes {

    /** What CPython compiles. */
    private static final int DEEPEST_LOOPS = 20;

    private final Symbols root = Symbols.root();
    private final Map<Stmt, Symbols> bodies = new IdentityHashMap<>();
    private final Map<Stmt.For, Loop> loops = new IdentityHashMap<>();
    private final Map<Stmt.Function, Special> specials = new IdentityHashMap<>();

    /**
     * @param test scope of the loop's {@code if}
     * @param extended whether the body asks for {@code loop}
     */
    record Loop(Symbols test, Symbols otherwise, boolean extended) {}

    /** Which of its special names a macro asks for. */
    record Special(boolean caller, boolean kwargs, boolean varargs) {}

    /** @throws JinjaException if the template cannot be compiled */
    Scopes(List<Stmt> template) {
        if (undeclared(template, "self").contains("self")) {
            throw unsupported("the name 'self'");
        }
        root.visit(template);
        body(template, root, false, 0);
    }

    Symbols root() {
        return root;
    }

    /** Scope of a statement's body. */
    Symbols of(Stmt statement) {
        return bodies.get(statement);
    }

    Loop loop(Stmt.For loop) {
        return loops.get(loop);
    }

    Special special(Stmt.Function function) {
        return specials.get(function);
    }

    /**
     * @param soft within a branch, where an unknown filter is an error only if it is reached
     * @param depth loops around within the same function
     */
    private void body(List<Stmt> statements, Symbols symbols, boolean soft, int depth) {
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.If branch) {
                body(branch, symbols, depth);
            } else if (statement instanceof Stmt.For loop) {
                loop(loop, symbols, soft, depth);
            } else if (statement instanceof Stmt.Function function) {
                if (function instanceof Stmt.CallBlock call) {
                    check(call.call(), soft);
                }
                function(function, symbols);
            } else if (statement instanceof Stmt.With with) {
                with.values().forEach(value -> check(value, soft));
                Symbols inner = symbols.inner();
                inner.visit(with.targets());
                block(with, with.body(), inner, depth);
            } else if (statement instanceof Stmt.FilterBlock block) {
                check(block.filter(), false);
                Symbols inner = symbols.inner();
                inner.visit(block.body());
                inner.visit(List.of(block.filter()));
                bodies.put(block, inner);
                body(block.body(), inner, false, depth);
            } else if (statement instanceof Stmt.SetBlock set) {
                check(set.filter(), false);
                block(set, set.body(), symbols.inner(), depth);
            } else if (statement instanceof Stmt.Scope scope) {
                block(scope, scope.body(), symbols.inner(), depth);
            } else if (statement instanceof Stmt.Break || statement instanceof Stmt.Continue) {
                if (depth == 0) {
                    throw syntax("'break' or 'continue' outside a loop", line(statement));
                }
            } else {
                statement.children().forEach(child -> check(child, soft));
            }
        }
    }

    private static int line(Stmt statement) {
        return statement instanceof Stmt.Break b ? b.line() : ((Stmt.Continue) statement).line();
    }

    private void block(Stmt statement, List<Stmt> body, Symbols inner, int depth) {
        inner.visit(body);
        bodies.put(statement, inner);
        body(body, inner, false, depth);
    }

    private void body(Stmt.If branch, Symbols symbols, int depth) {
        check(branch.test(), true);
        body(branch.body(), symbols, true, depth);
        branch.elifs().forEach(elif -> body(elif, symbols, depth));
        body(branch.otherwise(), symbols, true, depth);
    }

    private void loop(Stmt.For loop, Symbols symbols, boolean soft, int depth) {
        if (storesLoop(loop)) {
            throw syntax("Can't assign to special loop variable in for-loop target", 0);
        }
        boolean extended = loop.recursive() || undeclared(loop.body(), "loop").contains("loop");
        Symbols inner = symbols.inner();
        if (extended) {
            inner.parameter("loop");
        }
        inner.visitParameters(loop.target());
        inner.visit(loop.body());
        Symbols otherwise = symbols.inner();
        otherwise.visit(loop.otherwise());
        Symbols test = symbols.inner();
        test.visitParameters(loop.target());
        test.visit(Node.list(loop.test()));
        bodies.put(loop, inner);
        loops.put(loop, new Loop(test, otherwise, extended));
        check(loop.over(), soft);
        check(loop.test(), false);
        int around = loop.recursive() ? 0 : depth;
        if (around == DEEPEST_LOOPS) {
            throw limit("more than " + DEEPEST_LOOPS + " loops in each other");
        }
        body(loop.body(), inner, false, around + 1);
        body(loop.otherwise(), otherwise, false, around);
    }

    private static boolean storesLoop(Node node) {
        return node instanceof Expr.Name name
                ? name.use() == Expr.Use.STORE && name.name().equals("loop")
                : node.children().stream().anyMatch(Scopes::storesLoop);
    }

    private void function(Stmt.Function function, Symbols symbols) {
        Stmt.Signature signature = function.signature();
        Symbols inner = symbols.inner();
        List<Node> parts = Node.list(signature.parameters(), signature.defaults(), function.body());
        inner.visit(parts);
        Set<String> names = new HashSet<>();
        signature.parameters().forEach(p -> names.add(p.name()));
        Set<String> asked = undeclared(function.body(), "caller", "kwargs", "varargs");
        for (int i = 0; i < signature.parameters().size(); i++) {
            if (asked.contains("caller")
                    && signature.parameters().get(i).name().equals("caller")
                    && signature.defaultOf(i) == null) {
                throw syntax("the parameter 'caller' of a macro must be left out or have a default", 0);
            }
        }
        asked.removeAll(names);
        for (String name : List.of("caller", "kwargs", "varargs")) {
            if (asked.contains(name)) {
                inner.parameter(name);
            }
        }
        inner.visit(parts);
        specials.put(
                function, new Special(asked.contains("caller"), asked.contains("kwargs"), asked.contains("varargs")));
        bodies.put(function, inner);
        signature.defaults().forEach(value -> check(value, false));
        body(function.body(), inner, false, 0);
    }

    /** Those of the names that are read before they are assigned, in any scope within. */
    private static Set<String> undeclared(List<? extends Node> nodes, String... names) {
        Set<String> left = new HashSet<>(Set.of(names));
        Set<String> found = new HashSet<>();
        nodes.forEach(node -> undeclared(node, left, found));
        return found;
    }

    private static void undeclared(Node node, Set<String> left, Set<String> found) {
        if (node instanceof Expr.Name name) {
            if (name.use() == Expr.Use.LOAD && left.contains(name.name())) {
                found.add(name.name());
            } else {
                left.remove(name.name());
            }
        }
        node.children().forEach(child -> undeclared(child, left, found));
    }

    /** Filters and tests by name. */
    private static void check(Node node, boolean soft) {
        if (node == null) {
            return;
        }
        if (node instanceof Expr.Filter filter) {
            Filters.check(filter.name(), filter.line(), soft);
        } else if (node instanceof Expr.Test test) {
            Tests.check(test.name(), test.line(), soft);
        }
        boolean within = soft || node instanceof Expr.Conditional;
        node.children().forEach(child -> check(child, within));
    }
}
