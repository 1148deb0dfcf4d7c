package org.fednano.prep.format;

import java.io.IOException;
import java.io.Serializable;
import java.util.Set;
import java.util.function.Consumer;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawRecord;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * Reads one layout of raw data sets. The driver finds where the records stand; executors read them. Every record ends
 * as one or more results, each a sample or a reject with its reason: none is lost.
 */
public interface RawFormat extends Serializable {

    /**
     * Finds all records, on the driver. Opens index files only and never lists folders of images.
     *
     * @throws JobException with status 3 if an index file is missing or no index
     */
    RawIndex index(IndexFiles files) throws IOException;

    /** Returns the columns of Parquet files that are read. */
    default Set<String> usedColumns() {
        return Set.of();
    }

    /** Checks a record, media included; an unreadable file system is no result and throws. */
    void check(RawRecord record, MediaFiles media, Consumer<RecordResult> results) throws IOException;

    /** Returns the reader that {@code prepare.format} names. */
    static RawFormat of(Settings settings) {
        RecordFields fields = new RecordFields(settings);
        return switch (settings.get(DataKeys.FORMAT)) {
            case "iconqa" -> new IconQaFormat(fields);
            case "scienceqa" -> new ScienceQaFormat(fields, settings.get(DataKeys.LECTURE));
            case "llava" -> new LlavaFormat(
                    fields, settings.get(DataKeys.FILES), settings.get(DataKeys.MAX_RECORD_BYTES));
            case "table" -> new TableFormat(
                    fields,
                    settings.get(DataKeys.FILES),
                    new TableColumns(settings.get(DataKeys.COLUMNS), fields.splitColumn()));
            default -> throw new IllegalStateException("Unknown format " + settings.get(DataKeys.FORMAT));
        };
    }
}
