package org.fednano.ml;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.fednano.encoder.NanoEdge;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.tensor.TensorEngine;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The transformer against what training sees, in pipelines, on disk, and with what may be wrong. */
class NanoEdgeEncoderTest {

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

    private static NanoEdgeEncoder shipped() {
        return new NanoEdgeEncoder()
                .setInputCol("image")
                .setOutputCol("features")
                .setModelDir(TinyEncoders.SHIPPED)
                .setBatchSize(BATCH);
    }

    private static List<Row> rows(Dataset<Row> table) {
        return table.orderBy("id").collectAsList();
    }

    private static float[] floats(Row row) {
        List<Float> values = row.getList(row.fieldIndex("features"));
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i);
        }
        return floats;
    }

    /** Embeddings of pictures as rounds of training see them. */
    private static List<float[]> trained(List<byte[]> pictures) {
        Settings settings = Settings.load(List.of(), List.of("encoder.batch_size=" + BATCH));
        List<float[]> all = new ArrayList<>();
        try (NanoEdge edge = NanoEdge.open(HfModelFolder.open(Path.of(TinyEncoders.SHIPPED)), settings)) {
            for (byte[] picture : pictures) {
                Sample sample = new Sample(
                        "s", "c", Split.TRAIN, Medium.picture(picture), "?", "", List.of(), "x", -1, "", "", "");
                PromptFeatures features = edge.encode(List.of(sample), ids -> new float[ids.length * edge.hidden()])
                        .get(0);
                int first = 0;
                int tokens = 0;
                for (int t = 0; t < features.tokens(); t++) {
                    if (features.modality()[t] == PromptFeatures.IMAGE) {
                        first = tokens++ == 0 ? t : first;
                    }
                }
                all.add(Arrays.copyOfRange(features.embeds(), first * edge.hidden(), (first + tokens) * edge.hidden()));
            }
        }
        return all;
    }

    @Test
    void featuresAreTheBitsThatTrainingSees() {
        List<byte[]> pictures = TinyEncoders.pictures(11);
        List<float[]> expected = trained(pictures);
        for (int partitions : new int[] {1, 3}) {
            Dataset<Row> table = TinyEncoders.table(spark, pictures, partitions);
            List<Row> found = rows(shipped().setPooling("none").transform(table));
            assertEquals(pictures.size(), found.size());
            for (int i = 0; i < found.size(); i++) {
                assertArrayEquals(expected.get(i), floats(found.get(i)), "picture " + i);
                assertArrayEquals(pictures.get(i), found.get(i).getAs("image"));
            }
        }
    }

    @Test
    void theMeanOfTheTokensIsAVector() {
        List<byte[]> pictures = TinyEncoders.pictures(3);
        List<float[]> expected = trained(pictures);
        List<Row> found = rows(shipped().transform(TinyEncoders.table(spark, pictures, 1)));
        for (int i = 0; i < found.size(); i++) {
            Vector vector = found.get(i).getAs("features");
            int tokens = expected.get(i).length / vector.size();
            for (int h = 0; h < vector.size(); h++) {
                double sum = 0;
                for (int t = 0; t < tokens; t++) {
                    sum += expected.get(i)[t * vector.size() + h];
                }
                assertEquals(sum / tokens, vector.apply(h), 1e-12);
            }
        }
        assertEquals(128, found.get(0).<Vector>getAs("features").size());
    }

    @Test
    void aPipelineWithKMeansIsSavedAndLoadedAgain() throws IOException {
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(9), 2);
        KMeans kMeans = new KMeans().setK(2).setSeed(3).setFeaturesCol("features");
        PipelineModel model = new Pipeline()
                .setStages(new PipelineStage[] {shipped(), kMeans})
                .fit(table);
        List<Row> expected = rows(model.transform(table).select("id", "prediction"));
        model.save(folder.resolve("pipeline").toString());
        PipelineModel loaded = PipelineModel.load(folder.resolve("pipeline").toString());
        assertEquals(expected, rows(loaded.transform(table).select("id", "prediction")));
        NanoEdgeEncoder stage = (NanoEdgeEncoder) loaded.stages()[0];
        assertEquals(
                Path.of(TinyEncoders.SHIPPED)
                        .toAbsolutePath()
                        .normalize()
                        .toUri()
                        .toString()
                        .replaceAll("/$", ""),
                stage.getModelDir(),
                "found from any working folder");
        assertEquals(BATCH, stage.getBatchSize());
    }

    @Test
    void itIsSavedWithItsParamsAndUid() throws IOException {
        NanoEdgeEncoder encoder = shipped().setPooling("none").setHandleInvalid("skip");
        String path = folder.resolve("encoder").toString();
        encoder.save(path);
        NanoEdgeEncoder loaded = NanoEdgeEncoder.load(path);
        assertEquals(encoder.uid(), loaded.uid());
        assertEquals("image", loaded.getInputCol());
        assertEquals("features", loaded.getOutputCol());
        assertEquals("none", loaded.getPooling());
        assertEquals("skip", loaded.getHandleInvalid());
        assertThrows(IOException.class, () -> encoder.save(path), "nothing is overwritten unasked");
        encoder.write().overwrite().save(path);
        assertEquals(TinyEncoders.SHIPPED, encoder.getModelDir(), "saving changes nothing here");
        NanoEdgeEncoder bare = new NanoEdgeEncoder();
        bare.save(folder.resolve("bare").toString());
        assertEquals(32, NanoEdgeEncoder.load(folder.resolve("bare").toString()).getBatchSize());
    }

    @Test
    void copiesTakeExtraParamsAndLeaveTheOriginal() {
        NanoEdgeEncoder encoder = shipped();
        NanoEdgeEncoder copy = encoder.copy(new ParamMap().put(encoder.pooling(), "none"));
        assertEquals("none", copy.getPooling());
        assertEquals("mean", encoder.getPooling());
        assertEquals(encoder.uid(), copy.uid());
        StructType schema = copy.transformSchema(TinyEncoders.SCHEMA);
        assertEquals("array<float>", schema.apply("features").dataType().simpleString());
        assertEquals(
                "vector",
                encoder.transformSchema(TinyEncoders.SCHEMA)
                        .apply("features")
                        .dataType()
                        .simpleString());
    }

    @Test
    void aTorchScriptFolderWorksToo() {
        Path own = TinyEncoders.torchScript(folder.resolve("own"));
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(5), 2);
        List<Row> found = rows(
                shipped().setModelDir(own.toUri().toString()).setPooling("none").transform(table));
        assertEquals(24, floats(found.get(0)).length);
        assertFalse(Arrays.equals(floats(found.get(0)), floats(found.get(1))));
    }

    @Test
    void nullStaysNullAndBadPicturesAreAnErrorKeptOrSkipped() {
        List<byte[]> images = new ArrayList<>(TinyEncoders.pictures(6));
        images.set(1, null);
        images.set(4, new byte[] {1, 2, 3});
        Dataset<Row> table = TinyEncoders.table(spark, images, 1);
        List<Row> kept = rows(shipped().setHandleInvalid("keep").transform(table));
        assertEquals(6, kept.size());
        for (int i = 0; i < 6; i++) {
            assertEquals(i == 1 || i == 4, kept.get(i).isNullAt(2), "row " + i);
        }
        List<Row> skipped = rows(shipped().setHandleInvalid("skip").transform(table));
        assertEquals(
                List.of(0L, 1L, 2L, 3L, 5L),
                skipped.stream().map(r -> r.getLong(0)).toList());
        assertNull(skipped.get(1).get(2));
        Exception e = assertThrows(Exception.class, () -> rows(shipped().transform(table)));
        String told = messages(e);
        assertTrue(told.contains("Column 'image', rows 5 to 6 of partition 0"), told);
        assertTrue(told.contains("handleInvalid = keep"), told);
        List<Row> none = rows(shipped().transform(TinyEncoders.table(spark, Arrays.asList(null, null), 1)));
        assertTrue(none.get(0).isNullAt(2) && none.get(1).isNullAt(2));
        assertEquals(
                0, shipped().transform(TinyEncoders.table(spark, List.of(), 1)).count());
    }

    private static String messages(Throwable e) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = e; t != null; t = t.getCause()) {
            all.append(t.getMessage()).append('\n');
        }
        return all.toString();
    }

    @Test
    void wrongColumnsAndParamsAreToldBeforeAnyTask() {
        StructType schema = TinyEncoders.SCHEMA;
        refused(() -> new NanoEdgeEncoder().transformSchema(schema), "inputCol", "not set");
        refused(() -> new NanoEdgeEncoder().setInputCol("image").transformSchema(schema), "modelDir");
        refused(() -> shipped().setInputCol("picture").transformSchema(schema), "no 'picture'", "id, image");
        refused(() -> shipped().setInputCol("id").transformSchema(schema), "binary", "bigint", "binaryFile");
        refused(() -> shipped().setOutputCol("id").transformSchema(schema), "'id' is there already");
        refused(() -> shipped().setPooling("max"), "pooling", "max");
        refused(() -> shipped().setHandleInvalid("drop"), "handleInvalid");
        refused(() -> shipped().setBatchSize(0), "batchSize");
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(1), 1);
        for (String dir : List.of("no/such/folder", "file:///no/such/folder")) {
            JobException e = assertThrows(
                    JobException.class, () -> shipped().setModelDir(dir).transform(table));
            assertTrue(e.getMessage().contains("no/such/folder"), e.getMessage());
        }
    }

    private static void refused(org.junit.jupiter.api.function.Executable call, String... texts) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
        for (String text : texts) {
            assertTrue(e.getMessage().contains(text), text + " expected in: " + e.getMessage());
        }
    }

    @Test
    void anEncoderIsInNativeMemoryOncePerJvmAndIdleOnesAreFreed() {
        SharedEncoders.freeIdle(0);
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(12), 6);
        int before = SharedEncoders.builds();
        NanoEdgeEncoder encoder = shipped();
        rows(encoder.transform(table));
        rows(encoder.copy(ParamMap.empty()).transform(table));
        rows(shipped().transform(table));
        assertEquals(1, SharedEncoders.builds() - before, "by digest, whatever the transformer");
        for (int batch = 1; batch <= 4; batch++) {
            rows(shipped().setBatchSize(batch).transform(table));
        }
        assertEquals(SharedEncoders.MOST_IDLE, SharedEncoders.open());
        SharedEncoders.freeIdle(0);
        assertEquals(0, SharedEncoders.open());
    }

    @Test
    void aTaskThatStopsEarlyGivesItsEncoderBack() {
        SharedEncoders.freeIdle(0);
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(12), 1);
        assertEquals(1, shipped().transform(table).limit(1).collectAsList().size());
        SharedEncoders.freeIdle(0);
        assertEquals(0, SharedEncoders.open(), "nobody holds one");
    }

    /** A folder behind another file system is copied for as long as it is read. */
    @Test
    void aFolderAtAnyUriIsRead() throws IOException {
        spark.sparkContext().hadoopConfiguration().set("fs.fake.impl", FakeStoreFileSystem.class.getName());
        Path own = TinyEncoders.torchScript(folder.resolve("own"));
        Dataset<Row> table = TinyEncoders.table(spark, TinyEncoders.pictures(2), 1);
        List<Path> before = copies();
        List<Row> expected = rows(shipped().setModelDir(own.toString()).transform(table));
        assertEquals(expected, rows(shipped().setModelDir("fake://host" + own).transform(table)));
        assertEquals(before, copies(), "no copy stays");
    }

    private static List<Path> copies() throws IOException {
        try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return all.filter(p -> p.getFileName().toString().startsWith("fednano-model-"))
                    .toList();
        }
    }
}
