package org.fednano.jinja.value;

/** Text that is marked as escaped. It can be printed, compared and asked for; what would escape further text is refused. */
public record Markup(String text) {

    public static Markup escaped(String text) {
        return new Markup(text.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;"));
    }
}
