package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.limit;
import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.syntax.Expr.Use;
import org.fednano.jinja.syntax.Token.Kind;

/** Statements. */
public final class Parser {

    /** Statements in statements; the Python that Jinja2 writes can be indented about as far. */
    private static final int DEEPEST = 80;

    private static final Set<String> REFUSED = Set.of("include", "import", "from", "extends", "block");

    private final TokenStream stream;
    private final ExpressionParser expressions;
    private int depth;

    private Parser(String source) {
        stream = new TokenStream(Lexer.tokens(source));
        expressions = new ExpressionParser(stream);
    }

    /** @throws JinjaException if it is not a template, or has what is not supported */
    public static List<Stmt> parse(String source) {
        return new Parser(source).statements(Set.of(), "");
    }

    /** Up to one of the tags that end the block, which is current then; of the whole template where there are none. */
    private List<Stmt> statements(Set<String> ends, String tag) {
        List<Stmt> body = new ArrayList<>();
        if (++depth > DEEPEST) {
            throw limit("more than " + DEEPEST + " statements in each other");
        }
        while (true) {
            Token token = stream.current();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Data(stream.next().text()));
                case VARIABLE_BEGIN -> {
                    stream.next();
                    body.add(new Stmt.Print(List.of(expressions.tuple(true, null))));
                    stream.expect(Kind.VARIABLE_END, "end of print statement");
                }
                case BLOCK_BEGIN -> {
                    stream.next();
                    if (stream.is(Kind.NAME) && ends.contains(stream.current().text())) {
                        depth--;
                        return List.copyOf(body);
                    }
                    body.add(statement(ends));
                    stream.expect(Kind.BLOCK_END, "end of statement block");
                }
                default -> {
                    if (!ends.isEmpty()) {
                        throw syntax(
                                "Unexpected end of template: '" + tag + "' needs " + String.join(" or ", ends),
                                token.line());
                    }
                    return List.copyOf(body);
                }
            }
        }
    }

    /** The body of a tag whose head has been read; the end tag's name is read, too. */
    private List<Stmt> body(String tag) {
        List<Stmt> body = body(tag, Set.of("end" + tag));
        stream.next();
        return body;
    }

    private List<Stmt> body(String tag, Set<String> ends) {
        stream.skipOperator(":");
        stream.expect(Kind.BLOCK_END, "end of statement block");
        return statements(ends, tag);
    }

    private Stmt statement(Set<String> ends) {
        Token tag = stream.expect(Kind.NAME, "tag name");
        if (REFUSED.contains(tag.text())) {
            throw unsupported("the tag '" + tag.text() + "' (line " + tag.line() + ")");
        }
        return switch (tag.text()) {
            case "for" -> forLoop();
            case "if" -> ifBranch();
            case "set" -> set();
            case "macro" -> macro();
            case "call" -> call(tag.line());
            case "filter" -> new Stmt.FilterBlock(expressions.filters(), body("filter"));
            case "with" -> with();
            case "autoescape" -> autoescape(tag.line());
            case "print" -> print();
            case "generation" -> new Stmt.Generation(body("generation"));
            case "break" -> new Stmt.Break(tag.line());
            case "continue" -> new Stmt.Continue(tag.line());
            default -> throw syntax(
                    "Encountered unknown tag '" + tag.text() + "'"
                            + (ends.isEmpty() ? "" : "; expected " + String.join(" or ", ends)),
                    tag.line());
        };
    }

    private Stmt forLoop() {
        Expr target = expressions.target("in", false, Use.STORE);
        stream.expectName("in");
        Expr over = expressions.tuple(false, "recursive");
        Expr test = stream.skipName("if") ? expressions.expression(true) : null;
        boolean recursive = stream.skipName("recursive");
        List<Stmt> body = body("for", Set.of("endfor", "else"));
        List<Stmt> otherwise = stream.next().text().equals("endfor") ? List.of() : body("for");
        return new Stmt.For(target, over, body, otherwise, test, recursive);
    }

    private Stmt ifBranch() {
        Set<String> ends = Set.of("elif", "else", "endif");
        Expr test = expressions.tuple(false, null);
        List<Stmt> body = body("if", ends);
        List<Stmt.If> elifs = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        while (true) {
            Token next = stream.next();
            if (next.isName("elif")) {
                Expr other = expressions.tuple(false, null);
                elifs.add(new Stmt.If(other, body("if", ends), List.of(), List.of()));
                continue;
            }
            if (next.isName("else")) {
                otherwise = body("if");
            }
            return new Stmt.If(test, body, List.copyOf(elifs), otherwise);
        }
    }

    private Stmt set() {
        Expr target = expressions.target(null, true, Use.STORE);
        if (stream.skipOperator("=")) {
            return new Stmt.Set(target, expressions.tuple(true, null));
        }
        Expr.Filter filter = stream.skipOperator("|") ? expressions.filters() : null;
        return new Stmt.SetBlock(target, filter, body("set"));
    }

    private Stmt macro() {
        Token name = stream.expectName();
        return new Stmt.Macro(assignable(name).text(), signature(), body("macro"));
    }

    private Stmt call(int line) {
        Stmt.Signature signature = stream.isOperator("(") ? signature() : Stmt.Signature.NONE;
        if (!(expressions.expression(true) instanceof Expr.Call call)) {
            throw syntax("expected call", line);
        }
        return new Stmt.CallBlock(call, signature, body("call"));
    }

    private Stmt.Signature signature() {
        List<Expr.Name> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        stream.expectOperator("(");
        while (!stream.isOperator(")")) {
            if (!parameters.isEmpty()) {
                stream.expectOperator(",");
            }
            Token name = assignable(stream.expectName());
            if (stream.skipOperator("=")) {
                defaults.add(expressions.expression(true));
            } else if (!defaults.isEmpty()) {
                throw syntax("non-default argument follows default argument", name.line());
            }
            Expr.Name parameter = new Expr.Name(name.text(), Use.PARAMETER);
            if (parameters.contains(parameter)) {
                throw syntax("duplicate argument '" + name.text() + "'", name.line());
            }
            parameters.add(parameter);
        }
        stream.expectOperator(")");
        return new Stmt.Signature(List.copyOf(parameters), List.copyOf(defaults));
    }

    private static Token assignable(Token name) {
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
            throw syntax("can't assign to '" + name.text() + "'", name.line());
        }
        return name;
    }

    private Stmt with() {
        List<Expr> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!stream.is(Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                stream.expectOperator(",");
            }
            targets.add(expressions.target(null, false, Use.PARAMETER));
            stream.expectOperator("=");
            values.add(expressions.expression(true));
        }
        return new Stmt.With(List.copyOf(targets), List.copyOf(values), body("with"));
    }

    /** Escaping is off in chat templates; a block that says so is a scope and nothing else. */
    private Stmt autoescape(int line) {
        if (!(expressions.expression(true) instanceof Expr.Const value) || !Boolean.FALSE.equals(value.value())) {
            throw unsupported("the tag 'autoescape' with another value than false (line " + line + ")");
        }
        return new Stmt.Scope(body("autoescape"));
    }

    private Stmt print() {
        List<Expr> values = new ArrayList<>();
        while (!stream.is(Kind.BLOCK_END)) {
            if (!values.isEmpty()) {
                stream.expectOperator(",");
            }
            values.add(expressions.expression(true));
        }
        return new Stmt.Print(List.copyOf(values));
    }
}
