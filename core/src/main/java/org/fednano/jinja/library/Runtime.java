package org.fednano.jinja.library;

import org.fednano.jinja.base.Budget;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Repr;
import org.fednano.jinja.value.Sorting;

/** What one rendering works with. */
public final class Runtime {

    public final Budget budget = new Budget();
    public final Repr repr = new Repr(budget);
    public final Operators operators = new Operators(budget, repr);
    public final Sorting sorting = new Sorting(operators);
    public final Attributes attributes = new Attributes(this);

    public String str(Object value) {
        return repr.str(value);
    }
}
