package org.fednano.check;

import java.io.IOException;

/**
 * One thing that is broken.
 *
 * @param where its name: below the run folder, or the whole URI of a metric file
 * @param trouble what was expected and what was found
 * @param remedy what to do where no fix is known, or none is wanted
 * @param fix mends it; null if the run does not know enough. Needs the run's lease
 */
public record Finding(String where, String trouble, String remedy, Fix fix) {

    /** Mends one thing. */
    @FunctionalInterface
    public interface Fix {
        void apply() throws IOException;
    }

    public boolean isRepairable() {
        return fix != null;
    }

    /** One line for people. */
    @Override
    public String toString() {
        return where + ": " + trouble + ". " + remedy + ".";
    }
}
