package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;

/** What operators mean between any two values. */
public final class Operators {

    private final Budget budget;
    private final Repr repr;

    public Operators(Budget budget, Repr repr) {
        this.budget = budget;
        this.repr = repr;
    }

    public Object calculate(String operator, Object left, Object right) {
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            Object result = Numbers.calculate(operator, left, right);
            return result instanceof BigInteger i ? budget.bounded(i) : result;
        }
        if (left instanceof String format && operator.equals("%")) {
            return new PercentFormat(budget, repr).format(format, right);
        }
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (left instanceof Markup || right instanceof Markup) {
            throw unsupported("the operator " + operator + " on escaped text");
        }
        if (operator.equals("+")) {
            Object sum = joined(left, right);
            if (sum != null) {
                return sum;
            }
        }
        if (operator.equals("*")
                && (isRepeatable(left) && Numbers.isInt(right) || Numbers.isInt(left) && isRepeatable(right))) {
            return Numbers.isInt(right) ? repeated(left, right) : repeated(right, left);
        }
        throw type("unsupported operand type(s) for " + operator + ": '" + Types.name(left) + "' and '"
                + Types.name(right) + "'");
    }

    private Object joined(Object left, Object right) {
        if (left instanceof String l && right instanceof String r) {
            budget.grow((long) l.length() + r.length());
            return l + r;
        }
        if (left instanceof List<?> l && right instanceof List<?> r) {
            return joined(l, r);
        }
        if (left instanceof Tuple l && right instanceof Tuple r) {
            return Tuple.of(joined(l.items(), r.items()));
        }
        return null;
    }

    private List<Object> joined(List<?> left, List<?> right) {
        budget.grow((long) left.size() + right.size());
        List<Object> all = new ArrayList<>(left);
        all.addAll(right);
        return Collections.unmodifiableList(all);
    }

    private static boolean isRepeatable(Object value) {
        return value instanceof String || value instanceof List || value instanceof Tuple;
    }

    private Object repeated(Object value, Object count) {
        long times = Numbers.integer(count)
                .max(BigInteger.ZERO)
                .min(BigInteger.valueOf(Integer.MAX_VALUE))
                .longValue();
        if (value instanceof String text) {
            budget.grow(text.length() * times);
            return text.isEmpty() ? "" : text.repeat((int) times);
        }
        List<Object> items = Types.sequence(value);
        budget.grow(items.size() * times);
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < times && !items.isEmpty(); i++) {
            all.addAll(items);
        }
        return value instanceof Tuple ? Tuple.of(all) : Collections.unmodifiableList(all);
    }

    public static Object unary(String operator, Object value) {
        if (operator.equals("not")) {
            return !Types.truth(value);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!Numbers.isNumber(value)) {
            throw type("bad operand type for unary " + operator + ": '" + Types.name(value) + "'");
        }
        return operator.equals("-")
                ? Numbers.negated(value)
                : value instanceof Boolean ? Numbers.integer(value) : value;
    }

    /** @param operator a comparison, {@code in} or {@code not in} */
    public boolean compare(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> equal(left, right);
            case "!=" -> !equal(left, right);
            case "in" -> contains(right, left);
            case "not in" -> !contains(right, left);
            case "<" -> less(operator, left, right, false);
            case "<=" -> less(operator, left, right, true);
            case ">" -> less(operator, right, left, false);
            default -> less(operator, right, left, true);
        };
    }

    public boolean equal(Object left, Object right) {
        return equal(left, right, 0);
    }

    private boolean equal(Object left, Object right, int level) {
        budget.step();
        Budget.level(level);
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return !Numbers.isNaN(left) && !Numbers.isNaN(right) && Numbers.compare(left, right) == 0;
        }
        if (Types.isText(left) && Types.isText(right)) {
            budget.compare(plain(left), plain(right));
            return plain(left).equals(plain(right));
        }
        if (left instanceof List<?> l && right instanceof List<?> r) {
            return equal(l, r, level);
        }
        if (left instanceof Tuple l && right instanceof Tuple r) {
            return equal(l.items(), r.items(), level);
        }
        if (left instanceof Dict l && right instanceof Dict r) {
            return l.size() == r.size()
                    && l.items().stream()
                            .allMatch(e -> r.has(e.items().get(0))
                                    && same(e.items().get(1), r.get(e.items().get(0)), level + 1));
        }
        if (left instanceof Range l && right instanceof Range r) {
            return equal(l.items(), r.items(), level);
        }
        if (left instanceof View l && right instanceof View r) {
            throw unsupported("comparing " + Types.name(l) + " with " + Types.name(r));
        }
        return left == right || left instanceof Undefined && right instanceof Undefined;
    }

    private boolean equal(List<?> left, List<?> right, int level) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!same(left.get(i), right.get(i), level + 1)) {
                return false;
            }
        }
        return true;
    }

    /** As elements of containers are compared: one object is equal to itself, whatever it says. */
    private boolean same(Object left, Object right, int level) {
        return left == right || equal(left, right, level);
    }

    public static String plain(Object text) {
        return text instanceof Markup markup ? markup.text() : (String) text;
    }

    public boolean less(String operator, Object left, Object right, boolean orEqual) {
        return less(operator, left, right, orEqual, 0);
    }

    private boolean less(String operator, Object left, Object right, boolean orEqual, int level) {
        budget.step();
        Budget.level(level);
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            boolean ordered = !Numbers.isNaN(left) && !Numbers.isNaN(right);
            return ordered && holds(Numbers.compare(left, right), orEqual);
        }
        if (Types.isText(left) && Types.isText(right)) {
            budget.compare(plain(left), plain(right));
            return holds(Text.compare(plain(left), plain(right)), orEqual);
        }
        boolean lists = left instanceof List && right instanceof List;
        if (lists || left instanceof Tuple && right instanceof Tuple) {
            return less(operator, Types.sequence(left), Types.sequence(right), orEqual, level);
        }
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (left instanceof View && right instanceof View) {
            throw unsupported("comparing " + Types.name(left) + " with " + Types.name(right));
        }
        boolean turned = operator.startsWith(">");
        throw type("'" + operator + "' not supported between instances of '" + Types.name(turned ? right : left)
                + "' and '" + Types.name(turned ? left : right) + "'");
    }

    private static boolean holds(int order, boolean orEqual) {
        return orEqual ? order <= 0 : order < 0;
    }

    private boolean less(String operator, List<Object> left, List<Object> right, boolean orEqual, int level) {
        int shorter = Math.min(left.size(), right.size());
        for (int i = 0; i < shorter; i++) {
            if (!same(left.get(i), right.get(i), level + 1)) {
                return less(operator, left.get(i), right.get(i), orEqual, level + 1);
            }
        }
        return holds(Integer.compare(left.size(), right.size()), orEqual);
    }

    boolean contains(Object container, Object item) {
        if (Types.isText(container)) {
            if (!Types.isText(item)) {
                throw type("'in <string>' requires string as left operand, not " + Types.name(item));
            }
            budget.search(plain(container), plain(item));
            return plain(container).contains(plain(item));
        }
        if (container instanceof Dict dict) {
            return dict.has(item);
        }
        if (container instanceof View view && view.kind() == View.Kind.KEYS) {
            return view.dict().has(item);
        }
        if (!Types.isIterable(container)) {
            throw type("argument of type '" + Types.name(container) + "' is not iterable");
        }
        for (Iterator<Object> items = Types.iterator(container); items.hasNext(); ) {
            if (same(items.next(), item, 0)) {
                return true;
            }
        }
        return false;
    }
}
