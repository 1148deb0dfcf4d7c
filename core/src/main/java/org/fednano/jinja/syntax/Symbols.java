package org.fednano.jinja.syntax;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names of one scope. As Jinja2 does, a name is bound before anything runs: a scope that assigns it somewhere has a variable of
 * its own for it, which begins with what {@link Origin} says. Whether an assignment is seen outside, or earlier, follows from that.
 */
public final class Symbols {

    /** Where a variable's first value comes from. */
    public enum From {
        PARAMETER,
        /** The values given to the template, and then the globals. */
        CONTEXT,
        /** The variable of the same name in a scope around. */
        OUTER,
        NOTHING
    }

    /** @param variable the outer one; null for other origins */
    public record Origin(From from, String variable) {}

    private final Symbols parent;
    private final int level;
    private final Map<String, String> variables;
    private final Map<String, Origin> origins;
    private final Set<String> stores;

    private Symbols(
            Symbols parent, int level, Map<String, String> variables, Map<String, Origin> origins, Set<String> stores) {
        this.parent = parent;
        this.level = level;
        this.variables = variables;
        this.origins = origins;
        this.stores = stores;
    }

    public static Symbols root() {
        return new Symbols(null, 0, new HashMap<>(), new LinkedHashMap<>(), new HashSet<>());
    }

    public Symbols inner() {
        return new Symbols(this, level + 1, new HashMap<>(), new LinkedHashMap<>(), new HashSet<>());
    }

    private Symbols copy() {
        return new Symbols(
                parent, level, new HashMap<>(variables), new LinkedHashMap<>(origins), new HashSet<>(stores));
    }

    /** The variable that a name means here; null if no scope knows it. */
    public String variable(String name) {
        String variable = variables.get(name);
        return variable != null || parent == null ? variable : parent.variable(name);
    }

    /** Of this scope's own variables. */
    public Map<String, Origin> origins() {
        return origins;
    }

    public boolean isParameter(String variable) {
        Origin origin = origins.get(variable);
        return origin != null ? origin.from() == From.PARAMETER : parent != null && parent.isParameter(variable);
    }

    public String parameter(String name) {
        stores.add(name);
        return define(name, new Origin(From.PARAMETER, null));
    }

    private String define(String name, Origin origin) {
        String variable = level + ":" + name;
        variables.put(name, variable);
        origins.put(variable, origin);
        return variable;
    }

    private void load(String name) {
        if (variable(name) == null) {
            define(name, new Origin(From.CONTEXT, null));
        }
    }

    private void store(String name) {
        stores.add(name);
        if (!variables.containsKey(name)) {
            String outer = parent == null ? null : parent.variable(name);
            define(name, outer == null ? new Origin(From.NOTHING, null) : new Origin(From.OUTER, outer));
        }
    }

    public void visit(List<? extends Node> nodes) {
        nodes.forEach(node -> visit(node, false));
    }

    /** The targets of a loop. */
    public void visitParameters(Node node) {
        visit(node, true);
    }

    private void visit(Node node, boolean asParameter) {
        if (node instanceof Expr.Name name) {
            name(name, asParameter);
        } else if (node instanceof Expr.NamespaceTarget target) {
            load(target.name());
        } else if (node instanceof Stmt.If branch) {
            branches(branch);
        } else if (node instanceof Stmt.Macro macro) {
            store(macro.name());
        } else if (node instanceof Stmt.Set set) {
            visit(List.of(set.value(), set.target()));
        } else if (node instanceof Stmt.SetBlock set) {
            visit(set.target(), false);
        } else if (node instanceof Stmt.For loop) {
            visit(loop.over(), false);
        } else if (node instanceof Stmt.CallBlock call) {
            visit(call.call(), false);
        } else if (node instanceof Stmt.FilterBlock block) {
            visit(block.filter(), false);
        } else if (node instanceof Stmt.With with) {
            visit(with.values());
        } else if (!(node instanceof Stmt.Scope) && !(node instanceof Stmt.Generation)) {
            node.children().forEach(child -> visit(child, asParameter));
        }
    }

    private void name(Expr.Name name, boolean asParameter) {
        if (asParameter || name.use() == Expr.Use.PARAMETER) {
            parameter(name.name());
        } else if (name.use() == Expr.Use.STORE) {
            store(name.name());
        } else {
            load(name.name());
        }
    }

    /** A name that only some branches assign begins with what it means outside. */
    private void branches(Stmt.If branch) {
        visit(branch.test(), false);
        List<List<? extends Node>> bodies = List.of(branch.body(), branch.elifs(), branch.otherwise());
        List<Symbols> branches = bodies.stream()
                .map(body -> {
                    Symbols copy = copy();
                    copy.visit(body);
                    return copy;
                })
                .toList();
        Set<String> assigned = new HashSet<>();
        branches.forEach(b -> assigned.addAll(b.stores));
        assigned.removeAll(stores);
        for (Symbols b : branches) {
            variables.putAll(b.variables);
            origins.putAll(b.origins);
            stores.addAll(b.stores);
        }
        for (String name : assigned) {
            String outer = parent == null ? null : parent.variable(name);
            origins.put(variable(name), outer == null ? new Origin(From.CONTEXT, null) : new Origin(From.OUTER, outer));
        }
    }
}
