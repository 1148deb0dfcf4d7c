package org.fednano.console;

/** How much of a terminal's line a text takes, and texts that fit: letters of some scripts are two columns wide. */
final class DisplayWidth {

    /** Ranges of code points that terminals show in two columns, first and last of each (Unicode's classes W and F, and emoji). */
    private static final int[] WIDE = {
        0x1100, 0x115F, 0x231A, 0x231B, 0x23E9, 0x23F3, 0x2600, 0x27BF, 0x2B50, 0x2B55, 0x2E80, 0x303E, 0x3041, 0xA4CF,
        0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F, 0xFF00, 0xFF60, 0xFFE0, 0xFFE6, 0x17000,
                0x18AFF,
        0x1B000, 0x1B2FF, 0x1F000, 0x1FAFF, 0x20000, 0x3FFFD
    };

    private DisplayWidth() {}

    /** A text of one line in less than so many columns: a full line would begin another. What moves the cursor becomes "?". */
    static String fit(String text, int columns) {
        StringBuilder fitting = new StringBuilder();
        int width = 0;
        int shorter = 0; // how much fits beside an ellipsis
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int c = text.codePointAt(at);
            width += of(c);
            if (width >= columns) {
                fitting.setLength(shorter);
                return columns < 2 ? "" : fitting.append('…').toString();
            }
            fitting.appendCodePoint(moves(c) ? '?' : c);
            if (width <= columns - 2) {
                shorter = fitting.length();
            }
        }
        return fitting.toString();
    }

    private static boolean moves(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }

    private static int of(int c) {
        int type = Character.getType(c);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        for (int i = 0; i < WIDE.length; i += 2) {
            if (c >= WIDE[i] && c <= WIDE[i + 1]) {
                return 2;
            }
        }
        return 1;
    }
}
