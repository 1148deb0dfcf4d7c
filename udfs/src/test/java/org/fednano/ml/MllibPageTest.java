package org.fednano.ml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of {@code docs/mllib.md}, word for word. */
class MllibPageTest {

    @TempDir
    Path folder;

    private Dataset<Row> example(SparkSession spark, String shards, String model, String saved) throws IOException {
        Dataset<Row> pictures =
                spark.read().parquet(shards).where("image IS NOT NULL").select("sample_id", "image");

        NanoEdgeEncoder encoder =
                new NanoEdgeEncoder().setModelDir(model).setInputCol("image").setOutputCol("features");
        KMeans clusters = new KMeans().setK(3).setSeed(1).setFeaturesCol("features");

        PipelineModel fitted = new Pipeline()
                .setStages(new PipelineStage[] {encoder, clusters})
                .fit(pictures);
        fitted.write().overwrite().save(saved);

        Dataset<Row> clustered = PipelineModel.load(saved).transform(pictures);
        clustered.groupBy("prediction").count().show();
        return clustered;
    }

    @Test
    void theExampleRunsAsWritten() throws IOException {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
            List<byte[]> images = new java.util.ArrayList<>(TinyEncoders.pictures(9));
            images.add(null);
            String shards = folder.resolve("shards").toString();
            TinyEncoders.table(spark, images, 2)
                    .withColumnRenamed("id", "sample_id")
                    .write()
                    .parquet(shards);
            String saved = folder.resolve("saved").toString();
            assertEquals(9, example(spark, shards, TinyEncoders.SHIPPED, saved).count());
        }
        assertSame();
    }

    private static void assertSame() throws IOException {
        String page = Files.readString(Path.of("../docs/mllib.md"));
        int from = page.indexOf("```java\n") + 8;
        String shown = page.substring(from, page.indexOf("```", from));
        String source = Files.readString(Path.of("src/test/java/org/fednano/ml/MllibPageTest.java"));
        assertTrue(bare(source).contains(bare(shown)), "docs/mllib.md must show what runs here");
    }

    private static String bare(String code) {
        return code.replaceAll("\\s", "");
    }
}
