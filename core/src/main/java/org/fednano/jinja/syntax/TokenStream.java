package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.syntax;

import java.util.List;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.syntax.Token.Kind;

/** Tokens with a place in them. */
final class TokenStream {

    private final List<Token> tokens;
    private int at;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(at);
    }

    Token look() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    /** The current token; the next one is current then. */
    Token next() {
        Token token = current();
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    boolean is(Kind kind) {
        return current().kind() == kind;
    }

    boolean isName(String name) {
        return current().isName(name);
    }

    boolean isOperator(String operator) {
        return current().isOperator(operator);
    }

    boolean skipName(String name) {
        return isName(name) && next() != null;
    }

    boolean skipOperator(String operator) {
        return isOperator(operator) && next() != null;
    }

    Token expect(Kind kind, String shown) {
        if (!is(kind)) {
            throw unexpected(shown);
        }
        return next();
    }

    Token expectName() {
        return expect(Kind.NAME, "name");
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected(name);
        }
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected(operator);
        }
    }

    private JinjaException unexpected(String expected) {
        return syntax(
                "expected token '" + expected + "', got '" + current().shown() + "'",
                current().line());
    }
}
