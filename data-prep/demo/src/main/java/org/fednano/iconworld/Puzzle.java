package org.fednano.iconworld;

import java.util.List;

/**
 * A scene and a question about it, before any shift.
 *
 * @param things what is drawn, back to front
 * @param question the question's text
 * @param tempting other answers that the scene suggests; they go first among the wrong choices
 */
record Puzzle(List<Thing> things, String question, List<String> tempting) {

    Puzzle {
        things = List.copyOf(things);
        tempting = List.copyOf(tempting);
    }
}
