package org.fednano.report;

import java.util.List;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report;
import org.fednano.report.data.Report.Block;
import org.fednano.report.data.Report.Fact;
import org.fednano.report.data.Report.Facts;
import org.fednano.report.data.Report.Notes;
import org.fednano.report.data.Report.Picture;
import org.fednano.report.data.Report.Prose;
import org.fednano.report.data.Report.Section;
import org.fednano.report.data.Report.Table;
import org.fednano.report.data.Report.Term;
import org.fednano.report.data.Report.Terms;
import org.fednano.report.data.Texts;
import org.slf4j.LoggerFactory;

/**
 * A report as one HTML page that needs nothing else: style and pictures are inside, no script, no network. It is
 * well-formed XML too, so that any parser reads it.
 */
final class HtmlPage {

    private static final String STYLE =
            """
            :root { color-scheme: light; }
            * { box-sizing: border-box; }
            body { margin: 0 auto; padding: 1.5rem; max-width: 60rem; color: #222; background: #fff;
              font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
            h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
            h2 { margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 2px solid #0072b2; font-size: 1.3rem; }
            a { color: #00517f; }
            .lead { margin: 0; color: #444; }
            nav { margin: 1rem 0 0; font-size: .9rem; }
            nav a { margin-right: 1rem; white-space: nowrap; }
            .facts { display: grid; gap: .75rem; margin: 0; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
            .facts div { padding: .6rem .9rem; border: 1px solid #ccc; border-radius: .4rem; }
            .facts dt { font-size: .85rem; color: #444; }
            .facts dd { margin: 0; }
            .facts .value { font-size: 1.6rem; font-weight: 600; line-height: 1.3; }
            .facts .more { font-size: .85rem; color: #444; }
            figure { margin: 1.25rem 0; }
            figcaption, caption { padding: 0 0 .35rem; font-weight: 600; text-align: left; }
            svg { display: block; width: 100%; height: auto; }
            .wide { margin: 1.25rem 0; overflow-x: auto; }
            table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
            th, td { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: right; vertical-align: top; }
            thead th { border-bottom: 2px solid #888; font-weight: 600; }
            .word { text-align: left; }
            tbody .word { overflow-wrap: anywhere; min-width: 4rem; }
            tbody th { font-weight: 400; }
            tbody tr:nth-child(even) { background: #f6f6f6; }
            tr.sum > * { border-top: 2px solid #888; font-weight: 600; }
            summary { cursor: pointer; font-weight: 600; }
            li { margin: .35rem 0; }
            dl.terms { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: .4rem 1rem; margin: 0; }
            dl.terms dt { font-weight: 600; }
            dl.terms dd { margin: 0; }
            footer { margin-top: 2.5rem; font-size: .85rem; color: #555; }
            @media print {
              body { max-width: none; padding: 0; font-size: 11pt; }
              nav { display: none; }
              figure, .facts div, tr { break-inside: avoid; }
              h2 { break-after: avoid; }
              .wide { overflow: visible; }
            }
            """;

    private final StringBuilder page = new StringBuilder();

    private HtmlPage() {}

    /** The whole page. */
    static String of(Report report) {
        return new HtmlPage().render(report);
    }

    private String render(Report report) {
        page.append("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n")
                .append("<meta charset=\"utf-8\"/>\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        element("title", "", report.title());
        page.append("<style>\n").append(STYLE).append("</style>\n</head>\n<body>\n<header>\n");
        element("h1", "", report.title());
        element("p", " class=\"lead\"", report.summary());
        page.append("<nav aria-label=\"Sections\">\n");
        for (Section section : report.sections()) {
            element("a", " href=\"#" + section.id() + "\"", section.title());
        }
        page.append("</nav>\n</header>\n<main>\n");
        report.sections().forEach(this::section);
        page.append("</main>\n<footer>\n");
        element("p", "", "Made by fednano report from the metric tables alone.");
        return page.append("</footer>\n</body>\n</html>\n").toString();
    }

    private void section(Section section) {
        page.append("<section id=\"").append(section.id()).append("\">\n");
        element("h2", "", section.title());
        section.blocks().forEach(this::block);
        page.append("</section>\n");
    }

    // Block is sealed; a switch over types would need a newer Java.
    private void block(Block block) {
        if (block instanceof Prose prose) {
            element("p", "", prose.text());
        } else if (block instanceof Notes notes) {
            page.append("<ul>\n");
            notes.lines().forEach(line -> element("li", "", line));
            page.append("</ul>\n");
        } else if (block instanceof Facts facts) {
            facts(facts);
        } else if (block instanceof Terms terms) {
            page.append("<dl class=\"terms\">\n");
            for (Term term : terms.terms()) {
                element("dt", "", term.word());
                element("dd", "", term.meaning());
            }
            page.append("</dl>\n");
        } else if (block instanceof Table table) {
            table(table);
        } else if (block instanceof Picture picture) {
            picture(picture);
        }
    }

    private void picture(Picture picture) {
        page.append("<figure>\n");
        element("figcaption", "", picture.title());
        try {
            page.append(Svg.of(picture)).append('\n');
        } catch (RuntimeException | LinkageError | InternalError e) {
            // Java2D fails in all these ways on a machine without fonts. The tables hold the same numbers.
            LoggerFactory.getLogger(HtmlPage.class).warn("Chart {} was not drawn: {}", picture.id(), e.toString());
            element(
                    "p",
                    "",
                    "This chart could not be drawn where the report was made; does that machine have fonts (fontconfig and"
                            + " a font package)? " + picture.alt());
        }
        page.append("</figure>\n");
    }

    private void facts(Facts facts) {
        page.append("<dl class=\"facts\">\n");
        for (Fact fact : facts.facts()) {
            page.append("<div>");
            element("dt", "", fact.label());
            element("dd", " class=\"value\"", fact.value());
            element("dd", " class=\"more\"", fact.more());
            page.append("</div>\n");
        }
        page.append("</dl>\n");
    }

    private void table(Table table) {
        boolean folded = table.rows().size() > Table.MANY;
        if (folded) {
            page.append("<details>\n");
            element(
                    "summary",
                    "",
                    table.caption() + " (" + Numbers.of(table.rows().size(), "row", "rows") + ")");
        }
        page.append("<div class=\"wide\"><table>\n");
        if (!folded) {
            element("caption", "", table.caption());
        }
        page.append("<thead><tr>");
        for (int c = 0; c < table.columns().size(); c++) {
            element(
                    "th",
                    " scope=\"col\"" + (c < table.textual() ? " class=\"word\"" : ""),
                    table.columns().get(c));
        }
        page.append("</tr></thead>\n<tbody>\n");
        for (int r = 0; r < table.rows().size(); r++) {
            boolean sum = table.sum() && r == table.rows().size() - 1;
            row(table, table.rows().get(r), sum);
        }
        page.append("</tbody>\n</table></div>\n");
        if (folded) {
            page.append("</details>\n");
        }
    }

    private void row(Table table, List<String> cells, boolean sum) {
        page.append(sum ? "<tr class=\"sum\">" : "<tr>");
        for (int c = 0; c < cells.size(); c++) {
            String look = c < table.textual() ? " class=\"word\"" : "";
            // The first cell names the row: screen readers repeat it before each number.
            element(c == 0 ? "th" : "td", (c == 0 ? " scope=\"row\"" : "") + look, cells.get(c));
        }
        page.append("</tr>\n");
    }

    private void element(String name, String attributes, String text) {
        page.append('<').append(name).append(attributes).append('>');
        page.append(Texts.escape(text)).append("</").append(name).append(">\n");
    }
}
