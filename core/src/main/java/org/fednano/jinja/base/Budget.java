package org.fednano.jinja.base;

import static org.fednano.jinja.base.JinjaException.limit;

import java.math.BigInteger;
import java.time.Duration;

/** What one rendering may take. A template that takes more is stopped; a prompt's frame needs a thousandth of it. */
public final class Budget {

    static final int MOST_STEPS = 2_000_000;

    /** Characters and elements of all values together. */
    static final long MOST_SIZE = 1 << 25;

    /** Characters of one text, elements of one list, characters that are written. */
    public static final int LARGEST = 1 << 20;

    /** Expressions and statements in each other, calls included; half of what a stack of 512 KB holds. */
    static final int DEEPEST = 400;

    /** A call takes as much of the stack as so many expressions. */
    private static final int CALL = 4;

    /** Lists within lists. */
    static final int DEEPEST_VALUE = 100;

    private static final int MOST_BITS = 1 << 15;

    /** Whatever the steps are made of. */
    private static final Duration MOST_TIME = Duration.ofSeconds(10);

    /** Characters compared in the worst case of one search. */
    private static final long LARGEST_SEARCH = 1L << 31;

    /** Characters compared in about the time of a step. */
    private static final int COMPARED = 256;

    private final long begin = System.nanoTime();

    private int steps;
    private long size;
    private int depth;

    public void step() {
        step(1);
    }

    public void step(int count) {
        if ((steps += count) > MOST_STEPS) {
            throw limit("the template takes more than " + MOST_STEPS + " steps");
        }
        if (System.nanoTime() - begin > MOST_TIME.toNanos()) {
            throw limit("the template takes more than " + MOST_TIME.toSeconds() + " seconds");
        }
    }

    /** To be asked before two texts are compared. */
    public void compare(String one, String two) {
        step(Math.min(one.length(), two.length()) / COMPARED);
    }

    /** To be asked before a text is looked for in another one. */
    public void search(String text, String part) {
        long worst = (long) text.length() * Math.max(1, part.length());
        if (worst > LARGEST_SEARCH) {
            throw limit("looking for a text of " + part.length() + " characters in one of " + text.length());
        }
        step((int) (worst >> 16) + text.length() / COMPARED);
    }

    public void enter() {
        enter(1);
    }

    public void leave() {
        depth--;
    }

    public void enterCall() {
        enter(CALL);
    }

    public void leaveCall() {
        depth -= CALL;
    }

    private void enter(int weight) {
        step();
        if ((depth += weight) > DEEPEST) {
            throw limit("the template nests expressions and calls more than " + DEEPEST + " levels deep");
        }
    }

    public static void level(int level) {
        if (level > DEEPEST_VALUE) {
            throw limit("a value of more than " + DEEPEST_VALUE + " levels");
        }
    }

    /** To be asked before a value of that many characters or elements is made. */
    public void grow(long more) {
        if (more > LARGEST) {
            throw limit("a text or list of " + more + " elements; at most " + LARGEST + " are allowed");
        }
        if ((size += more) > MOST_SIZE) {
            throw limit("the template makes more than " + MOST_SIZE + " characters and elements");
        }
    }

    public String grown(String text) {
        grow(text.length());
        return text;
    }

    public BigInteger bounded(BigInteger value) {
        bits(value.bitLength());
        return value;
    }

    static void bits(long bits) {
        if (bits > MOST_BITS) {
            throw limit("a number of more than " + MOST_BITS + " bits");
        }
    }
}
