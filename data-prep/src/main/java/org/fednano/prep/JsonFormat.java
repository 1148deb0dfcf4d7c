package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.function.Consumer;

/** A layout whose records are JSON objects, each of them one sample. */
interface JsonFormat extends RawFormat {

    /** The sample of a record. */
    Accepted sample(JsonNode record, RawSpan span, MediaFiles media) throws Bad, IOException;

    @Override
    default void check(RawSpan span, RawFiles files, Consumer<Checked> outcomes) throws IOException {
        String text = null;
        try {
            text = files.text(span);
            outcomes.accept(Checked.of(sample(JsonRecord.parse(text), span, files.media())));
        } catch (Bad bad) {
            outcomes.accept(Checked.of(new Reject(span.id(), bad.reason(), bad.getMessage(), span.source(), text)));
        }
    }
}
