package org.fednano.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AnswersTest {

    @Test
    void normalisesCaseAndWhiteSpaceOnly() {
        assertEquals("6:00 a.m.", Answers.normalise("  6:00 \t A.M.\n"));
        assertEquals("7,364", Answers.normalise("7,364"));
        assertEquals("a b", Answers.normalise("A\u00a0B"));
        assertEquals("", Answers.normalise(" \n "));
    }

    @Test
    void nothingMatchesAMissingAnswer() {
        assertTrue(Answers.match(" Red", "red"));
        assertFalse(Answers.match("red", "blue"));
        assertFalse(Answers.match(null, null));
    }
}
