package org.fednano.settings;

import java.net.URI;
import java.net.URISyntaxException;

/**
 * Texts that name a file or folder of Hadoop's file systems: a path or a URI. A path is taken as it stands, so blanks,
 * brackets, stars, percent signs and any other letter are parts of names. Only a colon is special: what stands before one
 * in front of the first slash is a scheme, and no other file system than the local one has it in a name.
 */
public final class Location {

    static final String EXPECTED = "a path or URI; ./a:b where its first name has a colon";

    private Location() {}

    /**
     * Checks what an option was given.
     *
     * @return the same text
     * @throws JobException with status 2 if it names nothing
     */
    public static String require(String option, String text) {
        if (text.isEmpty() || !isOne(text)) {
            throw JobException.usage(option + " must be " + EXPECTED + ": found '" + text + "'.");
        }
        return text;
    }

    /** Whether a text can name a place; an empty one can, for "none". */
    static boolean isOne(String text) {
        int colon = text.indexOf(':');
        int slash = text.indexOf('/');
        if (text.indexOf(0) >= 0) {
            return false;
        }
        if (colon < 0 || slash >= 0 && slash < colon) {
            return true;
        }
        String scheme = text.substring(0, colon);
        boolean authority = text.startsWith("//", colon + 1);
        int path = authority ? text.indexOf('/', colon + 3) : colon + 1;
        String name = path < 0 ? "" : text.substring(path);
        if (!authority && !name.startsWith("/") || !scheme.equals("file") && name.indexOf(':') >= 0) {
            return false;
        }
        try {
            new URI(
                    scheme,
                    authority ? text.substring(colon + 3, text.length() - name.length()) : null,
                    name,
                    null,
                    null);
            return true;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
