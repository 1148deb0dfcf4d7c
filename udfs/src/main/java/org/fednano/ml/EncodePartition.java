package org.fednano.ml;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.Utils;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.EncoderSpec;
import org.fednano.encoder.MediaPredictor;
import org.fednano.encoder.ModalityEncoder;
import org.fednano.settings.JobException;
import org.fednano.tensor.TensorEngine;

/**
 * A partition's rows with one more column, batch by batch, by one DJL predictor.
 *
 * @param spec the encoder without its weights
 * @param weights broadcast
 * @param batchSize B
 * @param column index of the media files
 * @param name of that column, for messages
 * @param invalid what becomes of rows whose medium cannot be decoded
 * @param pooling what a medium's tokens become
 */
record EncodePartition(
        EncoderSpec spec,
        BroadcastEncoder weights,
        int batchSize,
        int column,
        String name,
        Invalid invalid,
        Pooling pooling)
        implements MapPartitionsFunction<Row, Row> {

    private static final long serialVersionUID = 1L;

    /** As MLlib's own transformers have it. */
    enum Invalid {
        ERROR,
        KEEP,
        SKIP
    }

    /** What a medium's tokens become. */
    enum Pooling {
        MEAN,
        NONE
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return new Encoded(rows);
    }

    private ModalityEncoder build() {
        EncoderSource source =
                weights.source(Path.of(Utils.getLocalDir(SparkEnv.get().conf())));
        try {
            return spec.open(source, batchSize);
        } finally {
            BroadcastEncoder.delete(source);
        }
    }

    /** (N, H) little-endian to the value of the new column. */
    private Object value(byte[] embeddings, int hidden) {
        FloatBuffer values =
                ByteBuffer.wrap(embeddings).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        if (pooling == Pooling.NONE) {
            float[] all = new float[values.remaining()];
            values.get(all);
            return all;
        }
        int tokens = values.remaining() / hidden;
        double[] mean = new double[hidden];
        for (int t = 0; t < tokens; t++) {
            for (int h = 0; h < hidden; h++) {
                mean[h] += values.get();
            }
        }
        for (int h = 0; h < hidden; h++) {
            mean[h] /= tokens;
        }
        return Vectors.dense(mean);
    }

    /** Rows as they are asked for; a batch of them in memory. */
    private final class Encoded implements Iterator<Row> {
        private final Iterator<Row> rows;
        private final SharedEncoders.Lease lease;
        private final MediaPredictor predictor;
        private final ArrayDeque<Row> ready = new ArrayDeque<>();
        private long read;

        Encoded(Iterator<Row> rows) {
            this.rows = rows;
            TensorEngine.start(1);
            lease = SharedEncoders.lease(spec, batchSize, EncodePartition.this::build);
            TaskCompletionListener closing = context -> close();
            TaskContext.get().addTaskCompletionListener(closing);
            predictor = lease.encoder().predictor(invalid != Invalid.ERROR);
        }

        private void close() {
            if (predictor != null) {
                predictor.close();
            }
            lease.close();
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && rows.hasNext()) {
                fill();
            }
            return !ready.isEmpty();
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.remove();
        }

        private void fill() {
            List<Row> batch = new ArrayList<>(batchSize);
            List<byte[]> files = new ArrayList<>(batchSize);
            while (batch.size() < batchSize && rows.hasNext()) {
                Row row = rows.next();
                batch.add(row);
                files.add(row.getAs(column));
            }
            List<byte[]> embeddings = files.stream().allMatch(Objects::isNull) ? files : predict(files);
            read += batch.size();
            for (int i = 0; i < batch.size(); i++) {
                boolean bad = files.get(i) != null && embeddings.get(i) == null;
                if (!bad || invalid == Invalid.KEEP) {
                    ready.add(with(batch.get(i), embeddings.get(i)));
                }
            }
        }

        private List<byte[]> predict(List<byte[]> files) {
            try {
                return predictor.predict(files);
            } catch (JobException e) {
                throw new JobException(
                        e.status(),
                        "Column '" + name + "', rows " + (read + 1) + " to " + (read + files.size()) + " of partition "
                                + TaskContext.getPartitionId() + ": " + e.getMessage()
                                + " handleInvalid = keep gives null for such rows, which finds them; skip leaves them"
                                + " out.",
                        e);
            }
        }

        private Row with(Row row, byte[] embeddings) {
            Object[] values = new Object[row.size() + 1];
            for (int i = 0; i < row.size(); i++) {
                values[i] = row.get(i);
            }
            values[row.size()] = embeddings == null
                    ? null
                    : value(embeddings, lease.encoder().hidden());
            return RowFactory.create(values);
        }
    }
}
