package org.fednano.ml.extension;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.fednano.tensor.TensorEngine;
import org.fednano.ml.NanoEdgeEncoder;
import org.fednano.ml.TinyEncoders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The extension's way and the project's own, with one translator: the same bits. */
class ExtensionEncoderTest {

    private static final int BATCH = 4;
    private static SparkSession spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        TensorEngine.start(1);
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 2)
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void bothWaysGiveTheSameBits() {
        String encoder = TinyEncoders.torchScript(folder.resolve("own")).toUri().toString();
        List<byte[]> images = new ArrayList<>(TinyEncoders.pictures(11));
        images.set(3, null);
        images.set(6, new byte[] {1, 2, 3});
        Dataset<Row> table = TinyEncoders.table(spark, images, 3);
        List<Row> expected = new NanoEdgeEncoder()
                .setInputCol("image")
                .setOutputCol("features")
                .setModelDir(encoder)
                .setBatchSize(BATCH)
                .setPooling("none")
                .setHandleInvalid("keep")
                .transform(table)
                .orderBy("id")
                .collectAsList();
        List<Row> found = ExtensionEncoder.encode(ExtensionEncoder.of("image", "bytes", encoder, BATCH, true), table)
                .orderBy("id")
                .collectAsList();
        assertEquals(images.size(), found.size());
        for (int i = 0; i < found.size(); i++) {
            if (i == 3 || i == 6) {
                assertNull(expected.get(i).get(2));
                assertNull(found.get(i).get(2), "row " + i);
            } else {
                assertArrayEquals(floats(expected.get(i)), floats((byte[]) found.get(i).get(2)), "row " + i);
            }
        }
    }

    private static float[] floats(Row row) {
        List<Float> values = row.getList(2);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i);
        }
        return floats;
    }

    private static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }
}
