package org.fednano.jinja;

import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.library.Globals;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.syntax.Parser;
import org.fednano.jinja.syntax.Stmt;
import org.fednano.jinja.value.Types;

/** A template that has been read. Renderings share nothing: any thread may render. */
public final class Template {

    private final List<Stmt> statements;
    private final Scopes scopes;
    private final LocalDateTime now;

    private Template(List<Stmt> statements, LocalDateTime now) {
        this.statements = statements;
        this.scopes = new Scopes(statements);
        this.now = now;
    }

    /**
     * Reads a template.
     *
     * @param now what {@code strftime_now} tells
     * @throws JinjaException if it is no template, or asks for what is not supported
     */
    public static Template of(String source, LocalDateTime now) {
        try {
            return new Template(Parser.parse(source), now);
        } catch (StackOverflowError | OutOfMemoryError e) {
            throw tooLarge(e);
        }
    }

    /**
     * The text for some values.
     *
     * @param values null, Boolean, Integer, Long, Double, String, and Lists and Maps of these
     * @throws JinjaException if the template raises an error, asks for what is not supported, or takes too much
     */
    public String render(Map<String, ?> values) {
        Map<String, Object> context = new HashMap<>(Globals.functions(now));
        values.forEach((name, value) -> context.put(name, Types.of(value)));
        try {
            return new Renderer(new Runtime(), scopes).render(statements, context);
        } catch (StackOverflowError | OutOfMemoryError e) {
            throw tooLarge(e);
        }
    }

    /** The limits leave room for a small stack; whoever calls from deep inside one is told all the same. */
    private static JinjaException tooLarge(Error e) {
        return JinjaException.limit(
                "the template takes more " + (e instanceof StackOverflowError ? "stack" : "memory") + " than there is");
    }
}
