package org.fednano.prep;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Split;

/**
 * Outcomes as they travel between driver and executors: Java's own serialisation of small records takes as long as reading
 * and decoding their pictures.
 */
final class Packed {

    private static final Split[] SPLITS = Split.values();
    private static final Reason[] REASONS = Reason.values();

    private Packed() {}

    static byte[] of(List<Checked> outcomes) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256 * outcomes.size());
        Writer out = new Writer(new DataOutputStream(bytes));
        try {
            out.data.writeInt(outcomes.size());
            for (Checked c : outcomes) {
                out.data.writeBoolean(c.reject() == null);
                if (c.reject() == null) {
                    out.accepted(c.accepted());
                } else {
                    out.reject(c.reject());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Memory cannot fail to be written", e);
        }
        return bytes.toByteArray();
    }

    static List<Checked> read(byte[] packed) {
        Reader in = new Reader(new DataInputStream(new ByteArrayInputStream(packed)), new HashMap<>());
        try {
            int count = in.data.readInt();
            List<Checked> outcomes = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                outcomes.add(in.data.readBoolean() ? Checked.of(in.accepted()) : Checked.of(in.reject()));
            }
            return outcomes;
        } catch (IOException e) {
            throw new UncheckedIOException("Memory cannot fail to be read", e);
        }
    }

    private record Writer(DataOutputStream data) {

        void accepted(Accepted a) throws IOException {
            text(a.id());
            data.writeByte(a.split().ordinal());
            text(a.owner());
            text(a.question());
            text(a.context());
            data.writeInt(a.choices().size());
            for (String choice : a.choices()) {
                text(choice);
            }
            text(a.answer());
            data.writeInt(a.answerIndex());
            text(a.task());
            text(a.category());
            text(a.column());
            data.writeInt(a.media().size());
            for (RawMedium m : a.media()) {
                text(m.modality());
                text(m.path());
                data.writeLong(m.offset());
                data.writeInt(m.length());
            }
            text(a.source());
        }

        void reject(Reject r) throws IOException {
            text(r.id());
            data.writeByte(r.reason().ordinal());
            text(r.detail());
            text(r.source());
            text(r.record());
        }

        /** Null is a text of length −1. */
        private void text(String text) throws IOException {
            if (text == null) {
                data.writeInt(-1);
                return;
            }
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            data.writeInt(utf8.length);
            data.write(utf8);
        }
    }

    /** @param known one object for each text that many samples share, such as their owner's name */
    private record Reader(DataInputStream data, Map<String, String> known) {

        Accepted accepted() throws IOException {
            return new Accepted(
                    text(),
                    SPLITS[data.readByte()],
                    shared(),
                    text(),
                    text(),
                    choices(),
                    text(),
                    data.readInt(),
                    shared(),
                    shared(),
                    shared(),
                    media(),
                    text());
        }

        private List<String> choices() throws IOException {
            int count = data.readInt();
            List<String> choices = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                choices.add(text());
            }
            return choices;
        }

        private List<RawMedium> media() throws IOException {
            int count = data.readInt();
            List<RawMedium> media = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                media.add(new RawMedium(shared(), text(), data.readLong(), data.readInt()));
            }
            return media;
        }

        Reject reject() throws IOException {
            return new Reject(text(), REASONS[data.readByte()], text(), text(), text());
        }

        private String shared() throws IOException {
            String text = text();
            return text == null ? null : known.computeIfAbsent(text, t -> t);
        }

        private String text() throws IOException {
            int length = data.readInt();
            return length < 0 ? null : new String(data.readNBytes(length), StandardCharsets.UTF_8);
        }
    }
}
