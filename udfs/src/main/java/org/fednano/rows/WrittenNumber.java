package org.fednano.rows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;

/** A number with a fraction or an exponent that keeps the text by which it is known. */
public final class WrittenNumber extends DecimalNode {

    private static final long serialVersionUID = 1L;

    private final String text;

    private WrittenNumber(BigDecimal value, String text) {
        super(value);
        this.text = text;
    }

    /**
     * A number of a JSON text, as it stands there.
     *
     * @throws NumberFormatException if its exponent is beyond all bounds
     */
    public static JsonNode of(String text) {
        return new WrittenNumber(new BigDecimal(text), text);
    }

    /** All digits that the column's scale asks for, without an exponent. */
    static JsonNode of(BigDecimal value) {
        return new WrittenNumber(value, value.toPlainString());
    }

    static JsonNode of(double value) {
        return Double.isFinite(value)
                ? new WrittenNumber(new BigDecimal(value), NumberText.of(value))
                : notFinite(value);
    }

    static JsonNode of(float value) {
        return Float.isFinite(value)
                ? new WrittenNumber(new BigDecimal(value), NumberText.of(value))
                : notFinite(value);
    }

    /** Data frames mark by NaN what is missing. */
    private static JsonNode notFinite(double value) {
        return Double.isNaN(value) ? NullNode.instance : TextNode.valueOf(value < 0 ? "-inf" : "inf");
    }

    @Override
    public String asText() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WrittenNumber number && number.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
