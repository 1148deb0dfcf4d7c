package org.fednano.report;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.fednano.report.data.Report;
import org.fednano.report.data.Report.Block;
import org.fednano.report.data.Report.Fact;
import org.fednano.report.data.Report.Facts;
import org.fednano.report.data.Report.Few;
import org.fednano.report.data.Report.Notes;
import org.fednano.report.data.Report.Picture;
import org.fednano.report.data.Report.Prose;
import org.fednano.report.data.Report.Section;
import org.fednano.report.data.Report.Table;
import org.fednano.report.data.Report.Term;
import org.fednano.report.data.Report.Terms;
import org.fednano.report.data.Texts;

/** A report as plain text for terminals and logs. Pictures are left to the HTML page: the tables hold their numbers. */
final class TextPage {

    private static final int WIDTH = 100;

    /** Rows of a long table that text shows. */
    private static final int FEW = 20;

    private final StringBuilder page = new StringBuilder();

    private TextPage() {}

    /** The whole text; lines end with a line feed. */
    static String of(Report report) {
        TextPage text = new TextPage();
        text.page.append(Texts.line(report.title())).append('\n');
        text.page.append("=".repeat(report.title().length())).append('\n');
        text.wrap("", report.summary());
        report.sections().forEach(text::section);
        return text.page.toString();
    }

    private void section(Section section) {
        if (section.blocks().stream().allMatch(b -> b instanceof Picture)) {
            return;
        }
        page.append('\n').append(section.title()).append('\n');
        page.append("-".repeat(section.title().length())).append('\n');
        section.blocks().forEach(this::block);
    }

    private void block(Block block) {
        if (block instanceof Prose prose) {
            wrap("", prose.text());
        } else if (block instanceof Notes notes) {
            notes.lines().forEach(line -> wrap("* ", line));
        } else if (block instanceof Facts facts) {
            int label = facts.facts().stream()
                    .mapToInt(f -> f.label().length())
                    .max()
                    .orElse(0);
            int value = facts.facts().stream()
                    .mapToInt(f -> f.value().length())
                    .max()
                    .orElse(0);
            for (Fact fact : facts.facts()) {
                page.append(pad(fact.label(), label, true))
                        .append("  ")
                        .append(pad(fact.value(), value, false))
                        .append("  ")
                        .append(Texts.line(fact.more()))
                        .append('\n');
            }
        } else if (block instanceof Terms terms) {
            for (Term term : terms.terms()) {
                wrap(term.word() + ": ", term.meaning());
            }
        } else if (block instanceof Table table) {
            table(table);
        }
    }

    private void table(Table table) {
        page.append('\n');
        wrap("", table.caption());
        int[] widths = new int[table.columns().size()];
        List<Integer> shown = shown(table);
        for (int c = 0; c < widths.length; c++) {
            widths[c] = table.columns().get(c).length();
            for (int r : shown) {
                widths[c] = Math.max(
                        widths[c], Texts.line(table.rows().get(r).get(c)).length());
            }
        }
        line(table, table.columns(), widths);
        int before = -1;
        for (int r : shown) {
            if (table.few() == Few.ENDS && r > before + 1) {
                page.append("  … ").append(r - before - 1).append(" more, see report.html\n");
            }
            before = r;
            line(table, table.rows().get(r), widths);
        }
        if (table.few() == Few.EVENLY && shown.size() < table.rows().size()) {
            page.append("  (")
                    .append(shown.size())
                    .append(" of ")
                    .append(table.rows().size())
                    .append(" rows; report.html has all)\n");
        }
    }

    private static List<Integer> shown(Table table) {
        int rows = table.rows().size();
        TreeSet<Integer> shown = new TreeSet<>();
        if (rows <= Table.MANY) {
            for (int r = 0; r < rows; r++) {
                shown.add(r);
            }
        } else if (table.few() == Few.ENDS) {
            for (int i = 0; i < FEW / 2; i++) {
                shown.add(i);
                shown.add(rows - 1 - i);
            }
            if (table.sum()) {
                shown.add(rows - 1 - FEW / 2);
            }
        } else {
            for (int i = 0; i < FEW; i++) {
                shown.add((int) Math.round(i * (rows - 1.0) / (FEW - 1)));
            }
        }
        return new ArrayList<>(shown);
    }

    private void line(Table table, List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            line.append("  ").append(pad(Texts.line(cells.get(c)), widths[c], c < table.textual()));
        }
        page.append(line.toString().stripTrailing()).append('\n');
    }

    /** A paragraph behind a mark; further lines are set in by the mark's width, two at most. */
    private void wrap(String mark, String text) {
        String indent = mark.isEmpty() ? "" : "  ";
        StringBuilder line = new StringBuilder(mark);
        boolean empty = true;
        for (String word : Texts.line(text).split(" ")) {
            if (!empty && line.length() + 1 + word.length() > WIDTH) {
                page.append(line).append('\n');
                line = new StringBuilder(indent);
                empty = true;
            }
            line.append(empty ? "" : " ").append(word);
            empty = false;
        }
        page.append(line).append('\n');
    }

    private static String pad(String text, int width, boolean left) {
        String space = " ".repeat(Math.max(0, width - text.length()));
        return left ? text + space : space + text;
    }
}
