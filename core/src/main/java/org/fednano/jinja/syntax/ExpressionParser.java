package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.limit;
import static org.fednano.jinja.base.JinjaException.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.fednano.jinja.syntax.Expr.Use;
import org.fednano.jinja.syntax.Token.Kind;

/** Expressions, with the precedence of Jinja2 3.1. */
final class ExpressionParser {

    /** Expressions in expressions, two for a pair of parentheses; Jinja2 itself gives up near 60 pairs. */
    private static final int DEEPEST = 100;

    /** Operators, filters or attributes in a row; Jinja2 itself gives up near 300. */
    private static final int LONGEST = 250;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream stream;
    private final OperandParser operands;
    private int depth;

    ExpressionParser(TokenStream stream) {
        this.stream = stream;
        this.operands = new OperandParser(stream, this);
    }

    /** An expression, or several with commas between them: a tuple. */
    Expr tuple(boolean withConditional, String endName) {
        return tuple(() -> expression(withConditional), endName, false);
    }

    /** What {@code set}, {@code for} or {@code with} assigns to. */
    Expr target(String endName, boolean withNamespace, Use use) {
        int line = stream.current().line();
        return assigned(tuple(() -> operands.primary(withNamespace), endName, false), use, line);
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

    /** What stands between parentheses: an expression, or a tuple, which may be empty. */
    Expr parenthesised() {
        return tuple(() -> expression(true), null, true);
    }

    /** All filters from here on, the first with its bar already behind: {@code {% filter upper|trim %}}. */
    Expr.Filter filters() {
        return operands.filters();
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

    static void chained(int count) {
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
            expression = operands.primary(false);
        }
        expression = operands.postfix(expression);
        expression = withFilter ? operands.filtered(expression) : expression;
        depth--;
        return expression;
    }
}
