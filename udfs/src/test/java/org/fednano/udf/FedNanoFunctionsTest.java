package org.fednano.udf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.testing.TestImages;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FedNanoFunctionsTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private static SparkSession.Builder session() {
        return SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1");
    }

    @BeforeEach
    void start() {
        if (spark == null) {
            spark = session().getOrCreate();
        }
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
        Row row = sql("human_bytes(0), human_bytes(999), human_bytes(1000L), human_bytes(5500000),"
                + " human_bytes(999950), human_bytes(CAST(NULL AS BIGINT)), human_bytes(9223372036854775807)");
        assertEquals(
                Arrays.asList("0 B", "999 B", "1.00 kB", "5.50 MB", "1.00 MB", null, "9.22 EB"),
                Arrays.asList(row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5), row.get(6)));
    }

    @Test
    void imagesTellTheirSizeAndGarbageTellsNothing() throws IOException {
        var rows = List.of(
                RowFactory.create(0, TestImages.black(7, 5)),
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
    void aHeaderIsReadWhateverFollows() throws IOException {
        byte[] whole = TestImages.black(40, 40);
        assertTrue(Images.info(Arrays.copyOf(whole, 60)).isPresent());
    }

    /** Every example of the page says what Spark answers. */
    @Test
    void examplesRunAsWritten() throws IOException {
        Path file = folder.resolve("adapter.safetensors");
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        tensors.put("image.down", new FloatTensor(new float[2048], 128, 16));
        tensors.put("image.up", new FloatTensor(new float[2048], 16, 128));
        Files.write(file, SafeTensorsWriter.bytes(tensors, Map.of()));
        for (SqlFunction function : FedNanoFunctions.ALL) {
            String example = function.example()
                    .replace("RUN/rounds/00001/adapter.safetensors", file.toString())
                    .replace("conf/models", "../conf/models");
            Row row = spark.sql("SELECT CAST((" + example.replaceFirst(" FROM ", ") AS STRING) FROM ")
                            + (example.contains(" FROM ") ? "" : ") AS STRING)"))
                    .head();
            assertEquals(function.answer(), row.getString(0), function.name());
        }
    }

    @Test
    void nullInNullOut() {
        for (SqlFunction function : FedNanoFunctions.ALL) {
            String nulls = function.arguments().replaceAll("[a-z]+", "NULL");
            assertTrue(sql(function.name() + nulls).isNullAt(0), function.name());
        }
        assertTrue(sql("adapter_vector(unhex('00'))").isNullAt(0), "no safetensors file");
        assertTrue(sql("decode_image(unhex('00'))").isNullAt(0), "no picture");
    }

    @Test
    void tokeniserThatIsNotThereIsNamed() {
        Exception e = assertThrows(Exception.class, () -> sql("tokenise('a', 'no/such/folder')"));
        assertTrue(messages(e).contains("no/such/folder"), messages(e));
    }

    private static String messages(Throwable e) {
        return e == null ? "" : e.getMessage() + messages(e.getCause());
    }

    /** The functions come with the session, without a word of Java. */
    @Test
    void extensionGivesThemToEverySession() {
        spark.stop();
        spark = session()
                .config("spark.sql.extensions", FedNanoExtension.class.getName())
                .getOrCreate();
        assertEquals(5.0, sql("l2_norm(array(3, 4))").getDouble(0));
        assertEquals(
                5.0,
                spark.newSession().sql("SELECT l2_norm(array(3D, 4D))").head().getDouble(0));
        String described = spark.sql("DESCRIBE FUNCTION EXTENDED human_bytes")
                .collectAsList()
                .toString();
        assertTrue(described.contains("5.50 MB"), described);
        Exception e = assertThrows(Exception.class, () -> sql("l2_norm(array(1), 2)"));
        assertTrue(messages(e).contains("takes 1 argument"), messages(e));
    }

    @Test
    void pageInTheRepositoryIsTheDescriptionInTheCode() throws IOException {
        Path page = Path.of("..", "conf", "sql", "functions.md");
        if (Boolean.getBoolean("fednano.write-docs")) {
            Files.writeString(page, FedNanoFunctions.page());
        }
        assertEquals(FedNanoFunctions.page(), Files.readString(page));
    }

    private static Row sql(String columns) {
        return spark.sql("SELECT " + columns).head();
    }
}
