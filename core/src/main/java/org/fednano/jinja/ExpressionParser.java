package org.fednano.jinja;

import static org.fednano.jinja.JinjaException.limit;
import static org.fednano.jinja.JinjaException.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.fednano.jinja.Expr.Given;
import org.fednano.jinja.Expr.Use;
import org.fednano.jinja.Token.Kind;

/** Expressions, with the precedence of Jinja2 3.1. */
final class ExpressionParser {

    /** Expressions in expressions, two for a pair of parentheses; Jinja2 itself gives up near 60 pairs. */
    private static final int DEEPEST = 100;

    /** Operators, filters or attributes in a row; Jinja2 itself gives up near 300. */
    private static final int LONGEST = 250;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

    private final TokenStream stream;
    private int depth;

    ExpressionParser(TokenStream stream) {
        this.stream = stream;
    }

    /** An expression, or several with commas between them: a tuple. */
    Expr tuple(boolean withConditional, String endName) {
        return tuple(() -> expression(withConditional), endName, false);
    }

    /** What {@code set}, {@code for} or {@code with} assigns to. */
    Expr target(String endName, boolean withNamespace, Use use) {
        int line = stream.current().line();
        return assigned(tuple(() -> primary(withNamespace), endName, false), use, line);
    }

    private static Expr assigned(Expr target, Use use, int line) {
        if (target instanceof Expr.Name name) {
            return new Expr.Name(name.name(), use);
        }
        if (target instanceof Expr.TupleOf tuple) {
            return new Expr.TupleOf(
                    tuple.items().stream().map(t -> assigned(t, use, line)).toList());
        }
        if (target instanceof Expr.NamespaceTarget) {
            return target;
        }
        throw syntax("can't assign to an expression or a constant", line);
    }

    private Expr tuple(Supplier<Expr> part, String endName, boolean parenthesised) {
        List<Expr> items = new ArrayList<>();
        boolean tuple = false;
        while (true) {
            if (!items.isEmpty()) {
                stream.expectOperator(",");
            }
            if (isTupleEnd(endName)) {
                break;
            }
            items.add(part.get());
            if (!stream.isOperator(",")) {
                break;
            }
            tuple = true;
        }
        if (!tuple && !items.isEmpty()) {
            return items.get(0);
        }
        if (!tuple && !parenthesised) {
            throw syntax(
                    "Expected an expression, got '" + stream.current().shown() + "'",
                    stream.current().line());
        }
        return new Expr.TupleOf(List.copyOf(items));
    }

    private boolean isTupleEnd(String endName) {
        return stream.is(Kind.VARIABLE_END)
                || stream.is(Kind.BLOCK_END)
                || stream.isOperator(")")
                || endName != null && stream.isName(endName);
    }

    Expr expression(boolean withConditional) {
        if (++depth > DEEPEST) {
            throw limit("more than " + DEEPEST + " expressions in each other");
        }
        Expr expression = withConditional ? conditional() : or();
        depth--;
        return expression;
    }

    private Expr conditional() {
        Expr then = or();
        int count = 0;
        while (stream.isName("if")) {
            chained(++count);
            int line = stream.next().line();
            Expr test = or();
            Expr otherwise = stream.skipName("else") ? expression(true) : null;
            then = new Expr.Conditional(test, then, otherwise, line);
        }
        return then;
    }

    private void chained(int count) {
        if (count > LONGEST) {
            throw limit("more than " + LONGEST + " operators in a row");
        }
    }

    private Expr or() {
        Expr left = and();
        for (int count = 1; stream.skipName("or"); count++) {
            chained(count);
            left = new Expr.Binary("or", left, and());
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        for (int count = 1; stream.skipName("and"); count++) {
            chained(count);
            left = new Expr.Binary("and", left, not());
        }
        return left;
    }

    private Expr not() {
        int nots = 0;
        while (stream.skipName("not")) {
            chained(++nots);
        }
        Expr expression = comparison();
        for (; nots > 0; nots--) {
            expression = new Expr.Unary("not", expression);
        }
        return expression;
    }

    private Expr comparison() {
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> others = new ArrayList<>();
        while (true) {
            Token token = stream.current();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(stream.next().text());
            } else if (stream.skipName("in")) {
                operators.add("in");
            } else if (stream.isName("not") && stream.look().isName("in")) {
                stream.next();
                stream.next();
                operators.add("not in");
            } else {
                break;
            }
            others.add(sum());
        }
        return operators.isEmpty() ? first : new Expr.Compare(first, List.copyOf(operators), List.copyOf(others));
    }

    private Expr sum() {
        return chain(this::concat, Set.of("+", "-"));
    }

    private Expr concat() {
        List<Expr> parts = new ArrayList<>(List.of(product()));
        while (stream.skipOperator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.get(0) : new Expr.Concat(List.copyOf(parts));
    }

    private Expr product() {
        return chain(this::power, Set.of("*", "/", "//", "%"));
    }

    private Expr power() {
        return chain(() -> unary(true), Set.of("**"));
    }

    private Expr chain(Supplier<Expr> operand, Set<String> operators) {
        Expr left = operand.get();
        for (int count = 1;
                stream.is(Kind.OPERATOR) && operators.contains(stream.current().text());
                count++) {
            chained(count);
            String operator = stream.next().text();
            left = new Expr.Binary(operator, left, operand.get());
        }
        return left;
    }

    private Expr unary(boolean withFilter) {
        if (++depth > DEEPEST) {
            throw limit("more than " + DEEPEST + " expressions in each other");
        }
        Expr expression;
        if (stream.isOperator("-") || stream.isOperator("+")) {
            String sign = stream.next().text();
            expression = new Expr.Unary(sign, unary(false));
        } else {
            expression = primary(false);
        }
        expression = postfix(expression);
        expression = withFilter ? filtered(expression) : expression;
        depth--;
        return expression;
    }

    private Expr primary(boolean withNamespace) {
        Token token = stream.current();
        switch (token.kind()) {
            case NAME:
                stream.next();
                return name(token.text(), withNamespace);
            case STRING:
                StringBuilder text = new StringBuilder();
                while (stream.is(Kind.STRING)) {
                    text.append(stream.next().text());
                }
                return new Expr.Const(text.toString());
            case NUMBER:
                return new Expr.Const(stream.next().value());
            default:
        }
        if (stream.skipOperator("(")) {
            Expr tuple = tuple(() -> expression(true), null, true);
            stream.expectOperator(")");
            return tuple;
        }
        if (stream.skipOperator("[")) {
            return new Expr.ListOf(items("]", false));
        }
        if (stream.skipOperator("{")) {
            return new Expr.DictOf(items("}", true));
        }
        throw syntax("unexpected '" + token.shown() + "'", token.line());
    }

    private Expr name(String name, boolean withNamespace) {
        return switch (name) {
            case "true", "True" -> new Expr.Const(true);
            case "false", "False" -> new Expr.Const(false);
            case "none", "None" -> new Expr.Const(null);
            default -> withNamespace && stream.skipOperator(".")
                    ? new Expr.NamespaceTarget(name, stream.expectName().text())
                    : new Expr.Name(name, Use.LOAD);
        };
    }

    private List<Expr> items(String end, boolean pairs) {
        List<Expr> items = new ArrayList<>();
        while (!stream.isOperator(end)) {
            if (!items.isEmpty()) {
                stream.expectOperator(",");
            }
            if (stream.isOperator(end)) {
                break;
            }
            items.add(expression(true));
            if (pairs) {
                stream.expectOperator(":");
                items.add(expression(true));
            }
        }
        stream.expectOperator(end);
        return List.copyOf(items);
    }

    private Expr postfix(Expr of) {
        Expr expression = of;
        for (int count = 1; ; count++) {
            chained(count);
            if (stream.isOperator(".")) {
                expression = attribute(expression);
            } else if (stream.isOperator("[")) {
                expression = item(expression);
            } else if (stream.isOperator("(")) {
                expression = new Expr.Call(expression, arguments());
            } else {
                return expression;
            }
        }
    }

    private Expr filtered(Expr of) {
        Expr expression = of;
        for (int count = 1; ; count++) {
            chained(count);
            if (stream.isOperator("|")) {
                stream.next();
                expression = filter(expression);
            } else if (stream.isName("is")) {
                expression = test(expression);
            } else if (stream.isOperator("(")) {
                expression = new Expr.Call(expression, arguments());
            } else {
                return expression;
            }
        }
    }

    private Expr attribute(Expr of) {
        stream.next();
        Token name = stream.next();
        if (name.kind() == Kind.NAME) {
            return new Expr.Attribute(of, name.text());
        }
        if (name.kind() != Kind.NUMBER || name.value() instanceof Double) {
            throw syntax("expected name or number", name.line());
        }
        return new Expr.Item(of, new Expr.Const(name.value()));
    }

    private Expr item(Expr of) {
        int line = stream.next().line();
        List<Expr> keys = new ArrayList<>();
        while (!stream.isOperator("]")) {
            if (!keys.isEmpty()) {
                stream.expectOperator(",");
            }
            keys.add(subscript());
        }
        stream.expectOperator("]");
        if (keys.size() == 1) {
            return new Expr.Item(of, keys.get(0));
        }
        if (keys.stream().anyMatch(Expr.Slice.class::isInstance)) {
            throw syntax("a slice among several keys", line);
        }
        return new Expr.Item(of, new Expr.TupleOf(List.copyOf(keys)));
    }

    private Expr subscript() {
        Expr start = stream.isOperator(":") ? null : expression(true);
        if (!stream.skipOperator(":")) {
            return start;
        }
        Expr stop = isSliceEnd() || stream.isOperator(":") ? null : expression(true);
        Expr step = stream.skipOperator(":") && !isSliceEnd() ? expression(true) : null;
        return new Expr.Slice(start, stop, step);
    }

    private boolean isSliceEnd() {
        return stream.isOperator("]") || stream.isOperator(",");
    }

    private Given arguments() {
        int line = stream.current().line();
        stream.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        List<Given.Keyword> keywords = new ArrayList<>();
        Expr more = null;
        Expr moreKeywords = null;
        boolean first = true;
        while (!stream.isOperator(")")) {
            if (!first) {
                stream.expectOperator(",");
                if (stream.isOperator(")")) {
                    break;
                }
            }
            first = false;
            if (stream.isOperator("*")) {
                ensure(more == null && moreKeywords == null, line);
                stream.next();
                more = expression(true);
            } else if (stream.isOperator("**")) {
                ensure(moreKeywords == null, line);
                stream.next();
                moreKeywords = expression(true);
            } else if (stream.is(Kind.NAME) && stream.look().isOperator("=")) {
                ensure(moreKeywords == null, line);
                String name = stream.next().text();
                stream.next();
                ensure(keywords.stream().noneMatch(k -> k.name().equals(name)), line);
                keywords.add(new Given.Keyword(name, expression(true)));
            } else {
                ensure(more == null && moreKeywords == null && keywords.isEmpty(), line);
                positional.add(expression(true));
            }
        }
        stream.expectOperator(")");
        return new Given(List.copyOf(positional), List.copyOf(keywords), more, moreKeywords);
    }

    private static void ensure(boolean valid, int line) {
        if (!valid) {
            throw syntax("invalid syntax for function call expression", line);
        }
    }

    /** All filters from here on, the first with its bar already behind: {@code {% filter upper|trim %}}. */
    Expr.Filter filters() {
        Expr.Filter filter = filter(null);
        for (int count = 1; stream.skipOperator("|"); count++) {
            chained(count);
            filter = filter(filter);
        }
        return filter;
    }

    private Expr.Filter filter(Expr of) {
        int line = stream.current().line();
        return new Expr.Filter(of, dottedName(), optionalArguments(), line);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(stream.expectName().text());
        while (stream.skipOperator(".")) {
            name.append('.').append(stream.expectName().text());
        }
        return name.toString();
    }

    private Given optionalArguments() {
        return stream.isOperator("(") ? arguments() : Given.NONE;
    }

    private Expr test(Expr of) {
        int line = stream.next().line();
        boolean negated = stream.skipName("not");
        String name = dottedName();
        Expr test = new Expr.Test(of, name, testArguments(), line);
        return negated ? new Expr.Unary("not", test) : test;
    }

    private Given testArguments() {
        Token token = stream.current();
        if (stream.isOperator("(")) {
            return arguments();
        }
        boolean starts =
                switch (token.kind()) {
                    case NAME -> !NO_ARGUMENT.contains(token.text());
                    case STRING, NUMBER -> true;
                    case OPERATOR -> token.text().equals("[") || token.text().equals("{");
                    default -> false;
                };
        if (!starts) {
            return Given.NONE;
        }
        if (token.isName("is")) {
            throw syntax("You cannot chain multiple tests with is", token.line());
        }
        return new Given(List.of(postfix(primary(false))), List.of(), null, null);
    }
}
