package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.fednano.jinja.syntax.Expr.Given;
import org.fednano.jinja.syntax.Expr.Use;
import org.fednano.jinja.syntax.Token.Kind;

/** Operands: names and literals, and what follows them: attributes, items, calls, filters and tests. */
final class OperandParser {

    private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

    private final TokenStream stream;
    private final ExpressionParser expressions;

    OperandParser(TokenStream stream, ExpressionParser expressions) {
        this.stream = stream;
        this.expressions = expressions;
    }

    Expr primary(boolean withNamespace) {
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
            Expr tuple = expressions.parenthesised();
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
            items.add(expressions.expression(true));
            if (pairs) {
                stream.expectOperator(":");
                items.add(expressions.expression(true));
            }
        }
        stream.expectOperator(end);
        return List.copyOf(items);
    }

    Expr postfix(Expr of) {
        Expr expression = of;
        for (int count = 1; ; count++) {
            ExpressionParser.chained(count);
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

    Expr filtered(Expr of) {
        Expr expression = of;
        for (int count = 1; ; count++) {
            ExpressionParser.chained(count);
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
        Expr start = stream.isOperator(":") ? null : expressions.expression(true);
        if (!stream.skipOperator(":")) {
            return start;
        }
        Expr stop = isSliceEnd() || stream.isOperator(":") ? null : expressions.expression(true);
        Expr step = stream.skipOperator(":") && !isSliceEnd() ? expressions.expression(true) : null;
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
                more = expressions.expression(true);
            } else if (stream.isOperator("**")) {
                ensure(moreKeywords == null, line);
                stream.next();
                moreKeywords = expressions.expression(true);
            } else if (stream.is(Kind.NAME) && stream.look().isOperator("=")) {
                ensure(moreKeywords == null, line);
                String name = stream.next().text();
                stream.next();
                ensure(keywords.stream().noneMatch(k -> k.name().equals(name)), line);
                keywords.add(new Given.Keyword(name, expressions.expression(true)));
            } else {
                ensure(more == null && moreKeywords == null && keywords.isEmpty(), line);
                positional.add(expressions.expression(true));
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
            ExpressionParser.chained(count);
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
