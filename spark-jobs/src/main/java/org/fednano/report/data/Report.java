package org.fednano.report.data;

import java.awt.Graphics2D;
import java.util.List;

/**
 * What a report says, before it is HTML or text.
 *
 * @param title title of the page
 * @param summary one sentence under it
 * @param sections in reading order
 */
public record Report(String title, String summary, List<Section> sections) {

    public Report {
        sections = List.copyOf(sections);
    }

    /** A titled part of the page. {@code id} is its anchor. */
    public record Section(String id, String title, List<Block> blocks) {
        public Section {
            blocks = List.copyOf(blocks);
        }
    }

    /** A piece of a section. */
    public sealed interface Block {}

    /** A paragraph. */
    public record Prose(String text) implements Block {}

    /** Remarks, one per line. */
    public record Notes(List<String> lines) implements Block {
        public Notes {
            lines = List.copyOf(lines);
        }
    }

    /** Headline numbers: what, how much, and in a few words more. */
    public record Facts(List<Fact> facts) implements Block {
        public Facts {
            facts = List.copyOf(facts);
        }
    }

    /** One headline number. */
    public record Fact(String label, String value, String more) {}

    /** Words with their meanings. */
    public record Terms(List<Term> terms) implements Block {
        public Terms {
            terms = List.copyOf(terms);
        }
    }

    /** A word and what it means. */
    public record Term(String word, String meaning) {}

    /**
     * A table.
     *
     * @param caption what it shows, units included
     * @param columns headings
     * @param rows cells, as many per row as there are columns
     * @param textual how many leading columns hold words; those are set left, the numbers right
     * @param few how the long version is cut for plain text
     * @param sum whether the last row sums up the others
     */
    public record Table(
            String caption, List<String> columns, List<List<String>> rows, int textual, Few few, boolean sum)
            implements Block {

        /** More rows than these are folded away in HTML and cut in text. */
        public static final int MANY = 40;

        public Table {
            columns = List.copyOf(columns);
            rows = List.copyOf(rows);
            for (List<String> row : rows) {
                if (row.size() != columns.size()) {
                    throw new IllegalArgumentException(
                            "Table '" + caption + "' has " + columns.size() + " columns: got a row of " + row.size());
                }
            }
        }
    }

    /** Which rows of a long table stand for it. */
    public enum Few {
        /** The first and the last ones: the table is ranked. */
        ENDS,
        /** Evenly spaced ones, the first and the last among them: the table is a course of time. */
        EVENLY
    }

    /**
     * A picture.
     *
     * @param id unique on the page; prefix of every id inside
     * @param title what it shows
     * @param alt what a reader who cannot see it needs to know: the numbers that matter
     * @param width of the canvas, pixels
     * @param height of the canvas, pixels
     * @param painting draws it
     */
    public record Picture(String id, String title, String alt, int width, int height, Painting painting)
            implements Block {
        public Picture {
            title = Texts.clean(title);
            alt = Texts.clean(alt);
        }
    }

    /** Draws on a canvas of the size that the picture names. */
    @FunctionalInterface
    public interface Painting {
        void paint(Graphics2D canvas, int width, int height);
    }
}
