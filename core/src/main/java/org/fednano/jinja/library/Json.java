package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.type;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Repr;
import org.fednano.jinja.value.Sorting;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;

/** {@code tojson} as transformers sets it: Python's {@code json.dumps}, nothing escaped for HTML. */
public final class Json {

    private final Budget budget;
    private final boolean ascii;
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final Sorting sorting;
    private final StringBuilder out = new StringBuilder();

    /**
     * @param indent null for all on one line
     * @param sorting null to keep the order of keys
     */
    public Json(
            Budget budget, boolean ascii, String indent, String itemSeparator, String keySeparator, Sorting sorting) {
        this.budget = budget;
        this.ascii = ascii;
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
        this.sorting = sorting;
    }

    public String dumps(Object value) {
        write(value, 0);
        return budget.grown(out.toString());
    }

    private void write(Object value, int level) {
        Budget.level(level);
        budget.step();
        if (out.length() > Budget.LARGEST) {
            budget.grow(out.length());
        }
        if (value == null) {
            out.append("null");
        } else if (Types.isText(value)) {
            text(Operators.plain(value));
        } else if (value instanceof Dict dict) {
            dict(dict, level);
        } else if (value instanceof List || value instanceof Tuple) {
            list(Types.sequence(value), level);
        } else if (Numbers.isNumber(value)) {
            out.append(scalar(value));
        } else {
            throw type("Object of type " + Types.name(value) + " is not JSON serializable");
        }
    }

    private static String scalar(Object value) {
        if (value instanceof Boolean b) {
            return b ? "true" : "false";
        }
        if (value instanceof BigInteger i) {
            return Numbers.digits(i);
        }
        double d = (Double) value;
        return Double.isNaN(d) ? "NaN" : Double.isInfinite(d) ? (d > 0 ? "Infinity" : "-Infinity") : Repr.real(d);
    }

    private void list(List<Object> items, int level) {
        if (items.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        for (int i = 0; i < items.size(); i++) {
            separate(i, level + 1);
            write(items.get(i), level + 1);
        }
        newLine(level);
        out.append(']');
    }

    private void dict(Dict dict, int level) {
        if (dict.size() == 0) {
            out.append("{}");
            return;
        }
        List<Object> items = new ArrayList<>(dict.items());
        if (sorting != null) {
            items = sorting.sorted(items, item -> ((Tuple) item).items().get(0), false);
        }
        out.append('{');
        for (int i = 0; i < items.size(); i++) {
            Tuple item = (Tuple) items.get(i);
            separate(i, level + 1);
            text(key(item.items().get(0)));
            out.append(keySeparator);
            write(item.items().get(1), level + 1);
        }
        newLine(level);
        out.append('}');
    }

    private static String key(Object key) {
        if (Types.isText(key)) {
            return Operators.plain(key);
        }
        if (key == null) {
            return "null";
        }
        if (!Numbers.isNumber(key)) {
            throw type("keys must be str, int, float, bool or None, not " + Types.name(key));
        }
        return scalar(key);
    }

    private void separate(int index, int level) {
        out.append(index > 0 ? itemSeparator : "");
        newLine(level);
    }

    private void newLine(int level) {
        if (indent != null) {
            budget.grow((long) indent.length() * level);
            out.append('\n').append(indent.repeat(level));
        }
    }

    private void text(String text) {
        budget.step(1 + text.length() / 64);
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || ascii && c > 126) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
