package org.fednano.prep;

import java.io.IOException;
import java.io.Serializable;
import java.util.function.Consumer;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * Reads one layout of raw data sets. The driver finds where the records stand; executors read them. Every record ends
 * as one or more outcomes, each a sample or a reject with its reason: none is lost.
 */
interface RawFormat extends Serializable {

    /**
     * Finds all records, on the driver. Opens index files only and never lists folders of pictures.
     *
     * @throws JobException with status 3 if an index file is missing or no index
     */
    RawIndex index(IndexFiles files) throws IOException;

    /** Reads and checks the records of a span, media included; an unreadable file system is no outcome and throws. */
    void check(RawSpan span, RawFiles files, Consumer<Checked> outcomes) throws IOException;

    /** The reader that {@code prepare.format} names. */
    static RawFormat of(Settings settings) {
        RecordFields fields = new RecordFields(settings);
        return switch (settings.get(DataKeys.FORMAT)) {
            case "iconqa" -> new IconQa(fields);
            case "scienceqa" -> new ScienceQa(fields, settings.get(DataKeys.LECTURE));
            case "llava" -> new Llava(fields, settings.get(DataKeys.FILES), settings.get(DataKeys.MAX_RECORD_BYTES));
            case "table" -> new Table(
                    fields,
                    settings.get(DataKeys.FILES),
                    new TableColumns(settings.get(DataKeys.COLUMNS), fields.splitColumn()));
            default -> throw new IllegalStateException("Unknown format " + settings.get(DataKeys.FORMAT));
        };
    }
}
