package org.fednano.metrics;

/**
 * One row of the table {@code evaluations}: how well a predictor answered one client's split, or one category of it.
 * {@link MetricTables#EVALUATIONS} says what each column means. Accuracy is {@code correct / samples}.
 *
 * @param category a category of the split, or {@link #ALL} for the whole of it
 * @param predictor {@link #MODEL} or {@link #MAJORITY}
 */
public record EvaluationRow(
        String clientId,
        String split,
        String category,
        String predictor,
        int samples,
        int correct,
        Double wallSeconds) {

    /** The category of a row that counts the whole split. */
    public static final String ALL = "";
    /** The predictor that is the model with the round's adapter. */
    public static final String MODEL = "model";
    /** The predictor that answers a category's most frequent training answer. */
    public static final String MAJORITY = "majority";

    /** Correct answers over samples; null without samples. */
    public Double accuracy() {
        return samples == 0 ? null : (double) correct / samples;
    }
}
