package org.fednano.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricTableTest {

    @Test
    void sameRowsGiveTheSameBytes() {
        List<ClientRow> rows = List.of(Rows.merged("c001", 0.5), Rows.failed("c002"));
        assertArrayEquals(MetricTables.CLIENTS.encode(rows), MetricTables.CLIENTS.encode(rows));
    }

    @Test
    void aFilePerTableAndEvaluatedSplit() {
        assertEquals(
                List.of(
                        "rounds/part-00000.parquet 1",
                        "clients/part-00000.parquet 3",
                        "evaluations/part-balanced.parquet 1",
                        "evaluations/part-test.parquet 5",
                        "predictions/part-balanced.parquet 1",
                        "predictions/part-test.parquet 2"),
                Rows.all(1, "fednano").files().stream()
                        .map(f -> f.table() + "/" + f.name() + " " + f.rows())
                        .toList());
        assertEquals(List.of(), RoundMetrics.none().files());
    }

    @Test
    void columnsAreNamedOnceAndKeysAreColumns() {
        for (MetricTable<?> table : MetricTables.ALL) {
            List<String> names = table.columns().stream().map(Column::name).toList();
            assertEquals(names.size(), new HashSet<>(names).size(), table.name());
            assertTrue(names.containsAll(table.key()), table.name());
            assertTrue(names.stream().allMatch(n -> n.matches("[a-z][a-z0-9_]*")), table.name());
        }
    }

    @Test
    void accuracyIsCorrectOverSamples() {
        assertEquals(0.4, Rows.evaluation("c001", "test", "", "model", 40).accuracy());
        assertEquals(null, new EvaluationRow("c001", "test", "", "model", 0, 0, null).accuracy());
    }
}
