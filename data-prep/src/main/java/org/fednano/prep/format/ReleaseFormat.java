package org.fednano.prep.format;

import java.io.IOException;
import java.util.function.Consumer;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.JsonIndex;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRejected;

/** A layout of releases: {@code problems.json} holds the records by id, each of them one sample. */
interface ReleaseFormat extends RawFormat {

    /** Returns the sample of a record. */
    RawSample sample(RawRecord record, MediaFiles media) throws RecordRejected, IOException;

    @Override
    default RawIndex index(IndexFiles files) throws IOException {
        return new JsonIndex(files).problems();
    }

    @Override
    default void check(RawRecord record, MediaFiles media, Consumer<RecordResult> results) throws IOException {
        try {
            results.accept(sample(record, media));
        } catch (RecordRejected rejected) {
            results.accept(Reject.of(record.id(), rejected, record));
        }
    }
}
