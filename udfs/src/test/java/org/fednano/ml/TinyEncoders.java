package org.fednano.ml;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.testing.ScriptedEncoder;
import org.fednano.testing.TestImages;

/** Encoders for tests: the shipped model and a small TorchScript encoder's folder; pictures in a DataFrame. */
public final class TinyEncoders {

    public static final String SHIPPED = "../conf/models/nano-llava";
    public static final StructType SCHEMA =
            new StructType().add("id", DataTypes.LongType).add("image", DataTypes.BinaryType);

    private static final int HIDDEN = 6;

    private TinyEncoders() {}

    /** A TorchScript encoder of 8 x 8 images: four tokens of six values. */
    public static Path torchScript(Path folder) {
        return ScriptedEncoder.images(folder, HIDDEN);
    }

    public static byte[] picture(int seed) {
        return TestImages.rectangles(seed, 40 + seed, 30 + 2 * seed);
    }

    public static List<byte[]> pictures(int count) {
        List<byte[]> pictures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pictures.add(picture(i));
        }
        return pictures;
    }

    /** Columns {@code id} and {@code image}. */
    public static Dataset<Row> table(SparkSession spark, List<byte[]> images, int partitions) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            rows.add(RowFactory.create((long) i, images.get(i)));
        }
        return spark.createDataFrame(rows, SCHEMA)
                .repartitionByRange(partitions, new org.apache.spark.sql.Column("id"));
    }
}
