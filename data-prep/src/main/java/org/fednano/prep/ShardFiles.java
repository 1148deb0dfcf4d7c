package org.fednano.prep;

import java.io.IOException;
import java.io.Serializable;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.digest.Sha256;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.Digests;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawMedium;
import org.fednano.sample.Answers;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * The Parquet files that {@code prepare} writes, row by row in a given order, so that equal rows make equal pages (Spark's own
 * writer puts a random name on each file). Within a process files are equal to the byte; between processes Parquet lists a
 * column's encodings in the footer in another order.
 */
final class ShardFiles {

    /** The one file of a folder. */
    static final String NAME = "part-00000.parquet";

    private static final String COLUMNS =
            """
            message sample {
              required binary sample_id (STRING);
              required binary client_id (STRING);
              required binary split (STRING);
              optional binary image;
              required binary question (STRING);
              required binary context (STRING);
              required group choices (LIST) {
                repeated group list {
                  required binary element (STRING);
                }
              }
              required binary answer (STRING);
              required int32 answer_index;
              required binary task (STRING);
              required binary category (STRING);
              required binary source (STRING);
            """;

    private static final MessageType SHARD = MessageTypeParser.parseMessageType(COLUMNS + "}");

    private static final MessageType SHARD_WITH_MEDIA = MessageTypeParser.parseMessageType(
            COLUMNS
                    + """
              required group media (LIST) {
                repeated group list {
                  required group element {
                    required binary modality (STRING);
                    required binary bytes;
                  }
                }
              }
            }
            """);

    private static final MessageType REJECTS = MessageTypeParser.parseMessageType(
            """
            message reject {
              required binary sample_id (STRING);
              required binary detail (STRING);
              required binary source (STRING);
              optional binary record (STRING);
            }
            """);

    /** No field has this length. */
    private static final byte[] MORE = {-1, -1, -1, -1};

    private ShardFiles() {}

    /**
     * What a shard's file holds.
     *
     * @param sha256 over the rows, hexadecimal: the same for the same rows, however they are stored
     * @param answers rows per normalised answer; of training rows only
     * @param categories rows per category; of training rows only
     */
    record Content(String sha256, SortedMap<String, Integer> answers, SortedMap<String, Integer> categories)
            implements Serializable {

        private void count(RawSample s) {
            if (s.split() == Split.TRAIN) {
                answers.merge(Answers.normalise(s.answer()), 1, Integer::sum);
                categories.merge(s.category(), 1, Integer::sum);
            }
        }
    }

    /**
     * Writes one split of one client, in the given order. The first image goes to column {@code image}, everything
     * further to column {@code media}.
     *
     * @param withMedia whether there is a column {@code media}: in all files of a data set or in none
     */
    static Content writeShard(
            Path folder,
            String client,
            MediaFiles media,
            Iterator<RawSample> rows,
            boolean withMedia,
            Configuration hadoop)
            throws IOException {
        MessageDigest digest = Sha256.begin();
        Content counts = new Content("", new TreeMap<>(), new TreeMap<>());
        MessageType schema = withMedia ? SHARD_WITH_MEDIA : SHARD;
        SimpleGroupFactory groups = new SimpleGroupFactory(schema);
        write(folder, schema, hadoop, () -> {
            if (!rows.hasNext()) {
                return null;
            }
            RawSample s = rows.next();
            List<Medium> further = new ArrayList<>();
            for (RawMedium m : s.media()) {
                further.add(new Medium(m.modality(), media.read(m)));
            }
            byte[] image = beginsWithImage(s) ? further.remove(0).bytes() : null;
            digest(digest, s, client, image, further);
            counts.count(s);
            return row(groups.newGroup(), s, client, image, withMedia ? further : null);
        });
        return new Content(Sha256.end(digest), counts.answers(), counts.categories());
    }

    private static boolean beginsWithImage(RawSample s) {
        return !s.media().isEmpty() && s.media().get(0).modality().equals(Medium.IMAGE);
    }

    private static Group row(Group row, RawSample s, String client, byte[] image, List<Medium> further) {
        row.append("sample_id", s.id())
                .append("client_id", client)
                .append("split", s.split().text());
        if (image != null) {
            row.append("image", Binary.fromConstantByteArray(image));
        }
        row.append("question", s.question()).append("context", s.context());
        Group choices = row.addGroup("choices");
        s.choices().forEach(c -> choices.addGroup("list").append("element", c));
        row.append("answer", s.answer())
                .append("answer_index", s.answerIndex())
                .append("task", s.task())
                .append("category", s.category())
                .append("source", s.source());
        if (further != null) {
            Group media = row.addGroup("media");
            further.forEach(m -> media.addGroup("list")
                    .addGroup("element")
                    .append("modality", m.modality())
                    .append("bytes", Binary.fromConstantByteArray(m.bytes())));
        }
        return row;
    }

    /** Samples of an image, a question and an answer count as they always have; what is more follows a mark. */
    private static void digest(MessageDigest digest, RawSample s, String client, byte[] image, List<Medium> further) {
        for (String field :
                List.of(s.id(), client, s.split().text(), s.question(), s.answer(), s.task(), s.category())) {
            Digests.add(digest, field);
        }
        Digests.add(digest, String.join("\u0000", s.choices()));
        Digests.add(digest, Integer.toString(s.answerIndex()));
        Digests.add(digest, image == null ? new byte[0] : image);
        if (s.context().isEmpty() && further.isEmpty()) {
            return;
        }
        digest.update(MORE);
        Digests.add(digest, s.context());
        Digests.add(digest, Integer.toString(further.size()));
        for (Medium m : further) {
            Digests.add(digest, m.modality());
            Digests.add(digest, m.bytes());
        }
    }

    /** Writes the rejects of one reason, in the given order. */
    static void writeRejects(Path folder, Iterator<Reject> rejects, Configuration hadoop) throws IOException {
        SimpleGroupFactory groups = new SimpleGroupFactory(REJECTS);
        write(folder, REJECTS, hadoop, () -> {
            if (!rejects.hasNext()) {
                return null;
            }
            Reject r = rejects.next();
            Group row = groups.newGroup()
                    .append("sample_id", r.id())
                    .append("detail", r.detail())
                    .append("source", r.source());
            return r.record() == null ? row : row.append("record", r.record());
        });
    }

    /** The next row, or null after the last one. */
    private interface Rows {
        Group next() throws IOException;
    }

    /** Under a temporary name first: a task that is run again finds no half-written file in its way. */
    private static void write(Path folder, MessageType schema, Configuration hadoop, Rows rows) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        Path partial = new Path(folder, "." + NAME + "." + java.util.UUID.randomUUID());
        try {
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(HadoopOutputFile.fromPath(partial, hadoop))
                    .withType(schema)
                    .withConf(hadoop)
                    .withCompressionCodec(CompressionCodecName.SNAPPY)
                    .build()) {
                for (Group row = rows.next(); row != null; row = rows.next()) {
                    writer.write(row);
                }
            }
            Path file = new Path(folder, NAME);
            files.delete(file, false);
            if (!files.rename(partial, file)) {
                throw new IOException("Cannot rename " + partial + " to " + file);
            }
        } finally {
            files.delete(partial, false);
        }
    }
}
