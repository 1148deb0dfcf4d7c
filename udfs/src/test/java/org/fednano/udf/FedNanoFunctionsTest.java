package org.fednano.udf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FedNanoFunctionsTest {

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate();
        FedNanoFunctions.register(spark);
        FedNanoFunctions.register(spark);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void answersAreNormalisedAndMatched() {
        Row row = sql("normalise_answer('  Dark \t RED '), exact_match('Red ', 'red'), exact_match('red', 'blue'),"
                + " normalise_answer(CAST(NULL AS STRING)), exact_match('red', CAST(NULL AS STRING))");
        assertEquals("dark red", row.getString(0));
        assertTrue(row.getBoolean(1));
        assertFalse(row.getBoolean(2));
        assertTrue(row.isNullAt(3));
        assertTrue(row.isNullAt(4));
    }

    @Test
    void vectorsOfAnyNumbers() {
        Row row =
                sql("l2_norm(array(3D, 4D)), l2_norm(array(CAST(3 AS FLOAT), CAST(4 AS FLOAT))), l2_norm(array(3, 4)),"
                        + " cosine_similarity(array(1D, 0D), array(1D, 1D)), cosine_similarity(array(0D), array(1D)),"
                        + " l2_norm(array(1D, NULL)), l2_norm(CAST(NULL AS ARRAY<DOUBLE>))");
        assertEquals(5, row.getDouble(0), 1e-12);
        assertEquals(5, row.getDouble(1), 1e-12);
        assertEquals(5, row.getDouble(2), 1e-12);
        assertEquals(Math.sqrt(0.5), row.getDouble(3), 1e-12);
        assertTrue(row.isNullAt(4), "a zero vector has no direction");
        assertTrue(row.isNullAt(5));
        assertTrue(row.isNullAt(6));
    }

    @Test
    void bytesForPeople() {
        Row row = sql("human_bytes(0), human_bytes(1023), human_bytes(1024L), human_bytes(5767168),"
                + " human_bytes(1048575), human_bytes(CAST(NULL AS BIGINT)), human_bytes(9223372036854775807)");
        assertEquals(
                Arrays.asList("0 B", "1023 B", "1.0 KiB", "5.5 MiB", "1.0 MiB", null, "8.0 EiB"),
                Arrays.asList(row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5), row.get(6)));
    }

    @Test
    void imagesTellTheirSizeAndGarbageTellsNothing() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(7, 5, BufferedImage.TYPE_INT_RGB), "png", png);
        var rows = List.of(
                RowFactory.create(0, png.toByteArray()),
                RowFactory.create(1, new byte[] {1, 2, 3}),
                RowFactory.create(2, null));
        spark.createDataFrame(
                        rows, new StructType().add("id", DataTypes.IntegerType).add("image", DataTypes.BinaryType))
                .createOrReplaceTempView("pictures");
        List<Row> found = spark.sql("SELECT image_info(image) AS info FROM pictures ORDER BY id")
                .collectAsList();
        assertEquals(RowFactory.create(7, 5, "png"), found.get(0).getStruct(0));
        assertNull(found.get(1).getStruct(0));
        assertNull(found.get(2).getStruct(0));
    }

    @Test
    void truncatedPicturesDoNotDecode() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB), "png", png);
        byte[] whole = png.toByteArray();
        assertTrue(Images.decodes(whole));
        assertFalse(Images.decodes(Arrays.copyOf(whole, 60)));
        assertTrue(Images.info(Arrays.copyOf(whole, 60)).isPresent());
    }

    private static Row sql(String columns) {
        return spark.sql("SELECT " + columns).head();
    }
}
