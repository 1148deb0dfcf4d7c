package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.Values;

/** Media of conversations that are no images, or marked otherwise: without them the text would not mean the same. */
final class OtherMedia {

    private static final String KINDS =
            "video|audio|speech|sound|music|voice|depth|thermal|infrared|imu|tactile|lidar" + "|point[ _-]?cloud|3d";

    /** {@code <video>}, {@code <image_1>}, {@code <|audio_pad|>}, {@code <ImageHere>} and the like. */
    private static final Pattern MARK = Pattern.compile(
            "</?\\|?(?:(?:start|begin|end)[ _-]?of[ _-]?)?(?:image|img|picture|photo|vision|vid|" + KINDS + ")s?"
                    + "[ _-]?(?:\\d+|placeholder|pad|patch|(?:soft[ _-]?)?token|start|end|bos|eos|here|context)?"
                    + " ?[|/]?>|<im_(?:start|end|patch)>",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern FIELD =
            Pattern.compile("(?:" + KINDS + ")s?(?:_(?:path|file|url|name)s?)?", Pattern.CASE_INSENSITIVE);

    private OtherMedia() {}

    /** @param mark the one that is read */
    static void refuseMarks(String text, String mark, int turn) throws RecordRejected {
        for (Matcher found = MARK.matcher(text); found.find(); ) {
            if (!found.group().equals(mark)) {
                throw new RecordRejected(
                        RejectReason.UNSUPPORTED_MEDIUM,
                        "turns may show pictures as " + mark + ", no other media: found '" + found.group()
                                + "' in turn " + (turn + 1));
            }
        }
    }

    static void refuseFields(JsonNode record) throws RecordRejected {
        for (Iterator<Map.Entry<String, JsonNode>> fields = record.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            JsonNode value = field.getValue();
            boolean holds = value.isTextual() ? !value.asText().isBlank() : !value.isEmpty();
            if (holds && FIELD.matcher(field.getKey()).matches()) {
                throw new RecordRejected(
                        RejectReason.UNSUPPORTED_MEDIUM,
                        "conversations may hold pictures in 'image', no other media: found '" + field.getKey()
                                + "' with " + Values.found(value));
            }
        }
    }
}
