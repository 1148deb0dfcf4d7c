package org.fednano.prep.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;

class ParquetRecordsTest {

    @Test
    void aRowGroupThatHardlyFitsTheHeapIsBadInput() {
        RecordRange range = RecordRange.rowGroup("rows.parquet", 2, 10, 1);
        ParquetRecords.refuseLarge(500L << 20, 1L << 30, range);
        JobException e =
                assertThrows(JobException.class, () -> ParquetRecords.refuseLarge(600L << 20, 1L << 30, range));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(
                e.getMessage().contains("600 MB in row group 3 of rows.parquet")
                        && e.getMessage().contains("1712 MB"),
                e.getMessage());
    }
}
