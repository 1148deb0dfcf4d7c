package org.fednano.prep.format;

import java.util.List;
import java.util.Optional;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * A sample that passed every check, without its media's bytes.
 *
 * @param owner the client that the record names, or null
 * @param context text before the question; may be empty
 * @param column what the record says in {@code prepare.split_column}, where that is none of the other fields; else empty
 * @param media images first, in the order of the prompt
 * @param source where the record stands in the raw data set
 */
public record RawSample(
        String id,
        Split split,
        String owner,
        String question,
        String context,
        List<String> choices,
        String answer,
        int answerIndex,
        String task,
        String category,
        String column,
        List<RawMedium> media,
        String source)
        implements RecordResult {

    public RawSample {
        choices = List.copyOf(choices);
        media = List.copyOf(media);
    }

    /** Returns the first image. */
    public Optional<RawMedium> image() {
        return image(media);
    }

    /** Returns the first image of a sample's media. */
    public static Optional<RawMedium> image(List<RawMedium> media) {
        return media.stream().filter(m -> m.modality().equals(Medium.IMAGE)).findFirst();
    }

    /** Returns the reject that a sample becomes whose id came before. */
    public Reject duplicate() {
        return duplicate(id, source, "question: " + question + "\nchoices: " + choices + "\nanswer: " + answer);
    }

    /** Returns the reject of a record whose id came before. */
    public static Reject duplicate(String id, String source, String record) {
        return new Reject(
                id, RejectReason.DUPLICATE_ID, "an earlier record has this id; the first one counts", source, record);
    }
}
