package org.fednano.report;

import java.awt.Graphics2D;
import java.util.List;

/**
 * What a report says, before it is HTML or text.
 *
 * @param title title of the page
 * @param summary one sentence under it
 * @param sections in reading order
 */
record Report(String title, String summary, List<Section> sections) {

    Report {
        sections = List.copyOf(sections);
    }

    /** A titled part of the page. {@code id} is its anchor. */
    record Section(String id, String title, List<Block> blocks) {
        Section {
            blocks = List.copyOf(blocks);
        }
    }

    /** A piece of a section. */
    sealed interface Block {}

    /** A paragraph. */
    record Prose(String text) implements Block {}

    /** Remarks, one per line. */
    record Notes(List<String> lines) implements Block {
        public Notes {
            lines = List.copyOf(lines);
        }
    }

    /** Headline numbers: what, how much, and in a few words more. */
    record Facts(List<Fact> facts) implements Block {
        public Facts {
            facts = List.copyOf(facts);
        }
    }

    /** One headline number. */
    record Fact(String label, String value, String more) {}

    /** Words with their meanings. */
    record Terms(List<Term> terms) implements Block {
        public Terms {
            terms = List.copyOf(terms);
        }
    }

    /** A word and what it means. */
    record Term(String word, String meaning) {}

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
    record Table(String caption, List<String> columns, List<List<String>> rows, int textual, Few few, boolean sum)
            implements Block {

        /** More rows than these are folded away in HTML and cut in text. */
        static final int MANY = 40;

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
    enum Few {
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
    record Picture(String id, String title, String alt, int width, int height, Painting painting) implements Block {
        public Picture {
            title = Words.clean(title);
            alt = Words.clean(alt);
        }
    }

    /** Draws on a canvas of the size that the picture names. */
    @FunctionalInterface
    interface Painting {
        void paint(Graphics2D canvas, int width, int height);
    }
}
