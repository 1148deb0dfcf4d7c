package org.fednano.jinja;

/** What one rendering works with. */
final class Runtime {

    final Budget budget = new Budget();
    final Repr repr = new Repr(budget);
    final Operators operators = new Operators(budget, repr);
    final Sorting sorting = new Sorting(operators);
    final Attributes attributes = new Attributes(this);

    String str(Object value) {
        return repr.str(value);
    }
}
