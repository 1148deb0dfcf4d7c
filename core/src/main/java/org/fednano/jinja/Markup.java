package org.fednano.jinja;

/** Text that is marked as escaped. It can be printed, compared and asked for; what would escape further text is refused. */
record Markup(String text) {

    static Markup escaped(String text) {
        return new Markup(text.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;"));
    }
}
