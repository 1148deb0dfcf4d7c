package org.fednano.ml;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensorsWriter;

/** Encoders for tests: the shipped model and a small TorchScript encoder's folder; pictures in a DataFrame. */
public final class TinyEncoders {

    public static final String SHIPPED = "../conf/models/nano-llava";
    public static final StructType SCHEMA =
            new StructType().add("id", DataTypes.LongType).add("image", DataTypes.BinaryType);

    private static final int WIDTH = 5; // of the module's features
    private static final int HIDDEN = 6;

    private TinyEncoders() {}

    /** A TorchScript encoder of 8 x 8 pictures: four tokens of six values. */
    public static Path torchScript(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.copy(Path.of("../core/src/test/resources/encoders/patches.pt"), folder.resolve("encoder.pt"));
            Files.writeString(
                    folder.resolve("encoder.json"),
                    "{\"format\": 1, \"input\": \"image\", \"image_size\": 8, \"tokens\": 4}");
            Files.writeString(
                    folder.resolve("preprocessor_config.json"),
                    "{\"size\": {\"height\": 8, \"width\": 8}, \"do_center_crop\": false}");
            Random random = new Random(1);
            Map<String, FloatTensor> connector = Map.of(
                    "linear.weight", new FloatTensor(normal(HIDDEN * WIDTH, random), HIDDEN, WIDTH),
                    "linear.bias", new FloatTensor(normal(HIDDEN, random), HIDDEN));
            SafeTensorsWriter.write(folder.resolve("connector.safetensors"), connector, Map.of());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] normal(int size, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    public static byte[] picture(int seed) {
        BufferedImage image = new BufferedImage(40 + seed, 30 + 2 * seed, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        Random random = new Random(seed);
        for (int i = 0; i < 9; i++) {
            g.setColor(new Color(random.nextInt(1 << 24)));
            g.fillRect(random.nextInt(30), random.nextInt(30), 18, 15);
        }
        g.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
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
