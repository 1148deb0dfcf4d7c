package org.fednano.metrics;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Hands rows to Parquet column by column, as their table describes them. */
final class RowWriteSupport<R> extends WriteSupport<R> {

    private final MetricTable<R> table;
    private RecordConsumer consumer;

    private RowWriteSupport(MetricTable<R> table) {
        this.table = table;
    }

    @Override
    public WriteContext init(Configuration configuration) {
        return new WriteContext(table.schema(), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
        consumer = recordConsumer;
    }

    @Override
    public void write(R row) {
        consumer.startMessage();
        List<Column<R>> columns = table.columns();
        for (int i = 0; i < columns.size(); i++) {
            Column<R> column = columns.get(i);
            Object value = column.value().apply(row);
            if (value != null) {
                consumer.startField(column.name(), i);
                add(column.type(), value);
                consumer.endField(column.name(), i);
            }
        }
        consumer.endMessage();
    }

    private void add(Column.Type type, Object value) {
        switch (type) {
            case STRING -> consumer.addBinary(Binary.fromString((String) value));
            case INT -> consumer.addInteger((Integer) value);
            case LONG -> consumer.addLong((Long) value);
            case DOUBLE -> consumer.addDouble((Double) value);
            case BOOLEAN -> consumer.addBoolean((Boolean) value);
            case TIMESTAMP -> consumer.addLong(ChronoUnit.MICROS.between(Instant.EPOCH, (Instant) value));
        }
    }

    /** Builds a writer of one table's rows. */
    static final class Builder<R> extends ParquetWriter.Builder<R, Builder<R>> {
        private final MetricTable<R> table;

        Builder(OutputFile file, MetricTable<R> table) {
            super(file);
            this.table = table;
        }

        @Override
        protected Builder<R> self() {
            return this;
        }

        @Override
        protected WriteSupport<R> getWriteSupport(Configuration configuration) {
            return new RowWriteSupport<>(table);
        }
    }
}
