package org.fednano.udf;

import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import java.util.Optional;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.fednano.image.RgbImage;
import org.fednano.settings.JobException;

/** Picture files as SQL values. */
final class Pictures {

    /** What a file says of itself. */
    static final StructType INFO = new StructType()
            .add("width", IntegerType)
            .add("height", IntegerType)
            .add("format", StringType);

    /** Spark's own schema for pictures, which MLlib and others read. */
    static final StructType DECODED = ImageSchema.columnSchema();

    /** Pictures above this are not decoded: their bytes could not be a value of a row. */
    static final long MAX_PIXELS = 1 << 26;

    private static final int CHANNELS = 3;

    private Pictures() {}

    static Row info(byte[] file) {
        return file == null
                ? null
                : Images.info(file)
                        .map(i -> RowFactory.create(i.width(), i.height(), i.format()))
                        .orElse(null);
    }

    /** As the vision tower gets it, but in Spark's order of colours: blue, green, red. Null if it is no picture. */
    static Row decode(byte[] file) {
        Optional<Images.Info> info = file == null ? Optional.empty() : Images.info(file);
        if (info.isEmpty() || info.get().pixels() > MAX_PIXELS) {
            return null;
        }
        try {
            RgbImage image = RgbImage.decode(file, "decode_image");
            byte[] bgr = new byte[image.rgb().length];
            for (int i = 0; i < bgr.length; i += CHANNELS) {
                bgr[i] = image.rgb()[i + 2];
                bgr[i + 1] = image.rgb()[i + 1];
                bgr[i + 2] = image.rgb()[i];
            }
            int mode = (int) ImageSchema.ocvTypes().apply("CV_8UC3");
            return RowFactory.create("", image.height(), image.width(), CHANNELS, mode, bgr);
        } catch (JobException e) {
            return null;
        }
    }
}
