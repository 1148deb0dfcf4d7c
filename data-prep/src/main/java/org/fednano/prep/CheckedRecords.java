package org.fednano.prep;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;
import org.fednano.prep.format.RawFormat;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRange;
import org.fednano.prep.source.RecordReader;
import org.fednano.prep.source.SourceConfig;
import org.fednano.prep.split.ClientSplits;

/** Reads and checks the records of a task's ranges, one after the other. */
final class CheckedRecords implements Iterator<Row> {

    /**
     * A range and its place in the data set.
     *
     * @param number from 0
     */
    record NumberedRange(long number, RecordRange range) implements Serializable {}

    private final Iterator<NumberedRange> ranges;
    private final RawFormat format;
    private final ClientSplits splits;
    private final int buckets;
    private final LongAccumulator done;
    private final RecordReader reader;
    private final MediaFiles media;
    private final Queue<RecordResult> results = new ArrayDeque<>();
    private RecordReader.Records records;
    private long position;

    CheckedRecords(
            Iterator<NumberedRange> ranges,
            RawFormat format,
            ClientSplits splits,
            int buckets,
            SourceConfig config,
            Configuration hadoop,
            LongAccumulator done)
            throws IOException {
        this.ranges = ranges;
        this.format = format;
        this.splits = splits;
        this.buckets = buckets;
        this.done = done;
        this.reader = new RecordReader(config, hadoop, format.usedColumns());
        this.media = new MediaFiles(config, hadoop);
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> close());
    }

    @Override
    public boolean hasNext() {
        try {
            while (results.isEmpty()) {
                RawRecord record = nextRecord();
                if (record == null) {
                    close(); // before the task counts as done, for media that it keeps are to be there
                    return false;
                }
                format.check(record, media, results::add);
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RawRecord nextRecord() throws IOException {
        while (true) {
            RawRecord record = records == null ? null : records.next();
            if (record != null) {
                return record;
            }
            if (records != null) {
                records.close();
                records = null;
            }
            if (!ranges.hasNext()) {
                return null;
            }
            NumberedRange next = ranges.next();
            position = next.number() << Integer.SIZE;
            records = reader.read(next.range());
        }
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        done.add(1);
        return StagedRecord.of(results.remove(), position++, splits, buckets);
    }

    private void close() {
        try (reader;
                media) {
            if (records != null) {
                records.close();
                records = null;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
