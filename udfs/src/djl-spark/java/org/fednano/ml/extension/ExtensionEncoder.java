package org.fednano.ml.extension;

import ai.djl.spark.task.binary.BinaryPredictor;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.fednano.encoder.NanoEdgeTranslatorFactory;

/**
 * FedNano's frozen encoder and connector through DJL's own extension for Spark: its {@code BinaryPredictor} with the
 * translator that {@link org.fednano.ml.NanoEdgeEncoder} uses, too. Compiled in the Maven profile {@code djl-spark} only.
 */
public final class ExtensionEncoder {

    private ExtensionEncoder() {}

    /**
     * The extension's transformer, ready for {@code transform} or a pipeline.
     *
     * @param inputCol media files, binary
     * @param outputCol takes (N, H) as little-endian float32, binary; null for null
     * @param encoderUrl URL of the folder with {@code encoder.pt} and what lies beside it; the extension knows TorchScript
     *     files only, and every executor reads the URL itself
     * @param batchSize media per call of the encoder
     * @param keepInvalid null for media that cannot be decoded; otherwise they fail the task
     */
    public static BinaryPredictor of(
            String inputCol, String outputCol, String encoderUrl, int batchSize, boolean keepInvalid) {
        BinaryPredictor predictor = new BinaryPredictor();
        // Its setters return the base class in Java, so they cannot be chained.
        predictor.setInputCol(inputCol);
        predictor.setOutputCol(outputCol);
        predictor.setModelUrl(encoderUrl.replaceAll("/$", "") + "/encoder.pt");
        predictor.setEngine("PyTorch");
        predictor.setBatchSize(batchSize);
        predictor.setTranslatorFactory(new NanoEdgeTranslatorFactory(batchSize, keepInvalid));
        return predictor;
    }

    /** The table with the new column. */
    public static Dataset<Row> encode(BinaryPredictor predictor, Dataset<Row> table) {
        return predictor.predict(table);
    }
}
