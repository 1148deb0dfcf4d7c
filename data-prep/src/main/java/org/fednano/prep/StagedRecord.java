package org.fednano.prep;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.fednano.prep.split.ClientSplits;
import org.fednano.prep.split.ImageClusters;
import org.fednano.sample.Split;

/** What became of a record as a row of Spark's: columns of a sample, or of a reject. */
final class StagedRecord {

    static final String BUCKET = "bucket";
    static final String KEY = "key";
    static final String POSITION = "position";
    static final String ID = "id";

    private static final StructType MEDIUM = new StructType()
            .add("modality", DataTypes.StringType)
            .add("path", DataTypes.StringType)
            .add("offset", DataTypes.LongType)
            .add("length", DataTypes.IntegerType);

    static final StructType SCHEMA = new StructType()
            .add(BUCKET, DataTypes.IntegerType)
            .add(KEY, DataTypes.LongType)
            .add(POSITION, DataTypes.LongType)
            .add(ID, DataTypes.StringType)
            .add("source", DataTypes.StringType)
            .add("reason", DataTypes.StringType)
            .add("detail", DataTypes.StringType)
            .add("record", DataTypes.StringType)
            .add("group", DataTypes.StringType)
            .add("split", DataTypes.IntegerType)
            .add("task", DataTypes.StringType)
            .add("category", DataTypes.StringType)
            .add("question", DataTypes.StringType)
            .add("context", DataTypes.StringType)
            .add("choices", DataTypes.createArrayType(DataTypes.StringType))
            .add("answer", DataTypes.StringType)
            .add("answer_index", DataTypes.IntegerType)
            .add("media", DataTypes.createArrayType(MEDIUM));

    /** The columns without texts, but for those of rejects. */
    static final List<String> LIGHT =
            List.of(BUCKET, KEY, POSITION, ID, "source", "reason", "detail", "record", "group", "split", "media");

    private static final int LIGHT_MEDIA = LIGHT.indexOf("media");
    private static final int MEDIA = SCHEMA.fieldIndex("media");
    private static final Split[] SPLITS = Split.values();

    private StagedRecord() {}

    /**
     * Returns the row of a result.
     *
     * @param position in the raw data set; no two records have the same
     * @param buckets how many there are: ranges of the draw's keys
     */
    static Row of(RecordResult result, long position, ClientSplits splits, int buckets) {
        long key = splits.drawKey(result.id());
        Object[] row = new Object[SCHEMA.size()];
        row[0] = (int) Math.multiplyHigh(key, buckets) + (buckets + 1) / 2;
        row[1] = key;
        row[2] = position;
        row[3] = result.id();
        row[4] = result.source();
        if (result instanceof Reject r) {
            row[5] = r.reason().name();
            row[6] = r.detail();
            row[7] = r.record();
        } else if (result instanceof RawSample s) {
            row[8] = splits.group(s);
            row[9] = s.split().ordinal();
            row[10] = s.task();
            row[11] = s.category();
            row[12] = s.question();
            row[13] = s.context();
            row[14] = s.choices().toArray(new String[0]);
            row[15] = s.answer();
            row[16] = s.answerIndex();
            row[17] = s.media().stream()
                    .map(m -> RowFactory.create(m.modality(), m.path(), m.offset(), m.length()))
                    .toArray(Row[]::new);
        }
        return RowFactory.create(row);
    }

    static int bucket(Row row) {
        return row.getInt(0);
    }

    static long position(Row row) {
        return row.getLong(2);
    }

    static String id(Row row) {
        return row.getString(3);
    }

    static boolean isReject(Row row) {
        return !row.isNullAt(5);
    }

    static String group(Row row) {
        return row.getString(8);
    }

    static Split split(Row row) {
        return SPLITS[row.getInt(9)];
    }

    /** Returns a reject; a sample is one if its id came before, and its text is left out. */
    static Reject reject(Row row) {
        if (!isReject(row)) {
            return RawSample.duplicate(id(row), row.getString(4), null);
        }
        return new Reject(
                id(row), RejectReason.valueOf(row.getString(5)), row.getString(6), row.getString(4), row.getString(7));
    }

    /** Returns a sample, without the fields that only its split needed. */
    static RawSample sample(Row row) {
        return new RawSample(
                id(row),
                split(row),
                null,
                row.getString(12),
                row.getString(13),
                row.getList(14),
                row.getString(15),
                row.getInt(16),
                row.getString(10),
                row.getString(11),
                "",
                media(row, MEDIA),
                row.getString(4));
    }

    /** Returns the media of a row of the light columns. */
    static List<RawMedium> lightMedia(Row row) {
        return media(row, LIGHT_MEDIA);
    }

    private static List<RawMedium> media(Row row, int column) {
        List<RawMedium> media = new ArrayList<>();
        for (Row m : row.<Row>getList(column)) {
            media.add(new RawMedium(m.getString(0), m.getString(1), m.getLong(2), m.getInt(3)));
        }
        return media;
    }

    /** Returns what of an image decides its cluster, from a row of the light columns. */
    static ImageClusters.Shown shown(Row row) {
        RawMedium image = RawSample.image(lightMedia(row)).orElseThrow();
        return new ImageClusters.Shown(position(row), id(row), split(row), image);
    }

    /** Tells samples whose id came before; rows with the same id come one after the other. */
    static final class Duplicates {

        private String before;

        /** Returns whether the next row is a sample that becomes a reject. */
        boolean isDuplicate(Row row) {
            String id = id(row);
            boolean duplicate = id.equals(before) && !isReject(row);
            before = id;
            return duplicate;
        }
    }

    /** Returns the rows that are no duplicates. */
    static Iterator<Row> firsts(Iterator<Row> rows) {
        Duplicates duplicates = new Duplicates();
        Iterable<Row> all = () -> rows;
        return StreamSupport.stream(all.spliterator(), false)
                .filter(row -> !duplicates.isDuplicate(row))
                .iterator();
    }

    /** Whether a row is a sample whose image decides where it goes. */
    static boolean hasImage(Row row) {
        return !isReject(row) && group(row).equals(ClientSplits.WITH_IMAGE);
    }

    /** Returns the row with its sample turned into a reject, since an earlier record has its id. */
    static Row duplicate(Row row) {
        Reject reject = sample(row).duplicate();
        Object[] values = new Object[SCHEMA.size()];
        for (int c = 0; c < 5; c++) {
            values[c] = row.get(c);
        }
        values[5] = reject.reason().name();
        values[6] = reject.detail();
        values[7] = reject.record();
        return RowFactory.create(values);
    }
}
