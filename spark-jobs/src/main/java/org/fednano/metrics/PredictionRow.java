package org.fednano.metrics;

/**
 * One row of the table {@code predictions}: one predictor's answer to one sample.
 * {@link MetricTables#PREDICTIONS} says what each column means.
 */
public record PredictionRow(
        String clientId,
        String split,
        String sampleId,
        String category,
        String predictor,
        String predicted,
        String expected,
        boolean correct) {}
