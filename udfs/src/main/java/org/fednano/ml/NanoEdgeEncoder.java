package org.fednano.ml;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.fednano.encoder.EncoderFolder;
import org.fednano.encoder.EncoderSpec;
import org.fednano.settings.ModelKeys;

/**
 * Media files to what the frozen encoder and connector of FedNano make of them, as an MLlib transformer: a column of files
 * (binary) in, a column of features out. The numbers are those that training sees.
 *
 * <table>
 * <caption>Params</caption>
 * <tr><td>{@code inputCol}</td><td>column with the files' bytes</td></tr>
 * <tr><td>{@code outputCol}</td><td>column to add</td></tr>
 * <tr><td>{@code modelDir}</td><td>URI of a model folder in Hugging Face layout, or of one with {@code encoder.json} and a
 *     TorchScript module; the driver reads it, executors get the weights by broadcast</td></tr>
 * <tr><td>{@code batchSize}</td><td>media per call of the encoder; part of what the last bits depend on</td></tr>
 * <tr><td>{@code pooling}</td><td>{@code mean}: a vector (H), the mean over the medium's tokens; {@code none}:
 *     {@code array<float>} of all N·H values, token by token</td></tr>
 * <tr><td>{@code handleInvalid}</td><td>what cannot be decoded: {@code error} (default), {@code skip} the row,
 *     {@code keep} it with null</td></tr>
 * </table>
 *
 * <p>A null file gives null. Native memory holds an encoder once per executor JVM. A transformer is not for several threads;
 * it reads {@code modelDir} at its first {@code transform}.
 */
public final class NanoEdgeEncoder extends Transformer implements MLWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;
    private final Param<String> inputCol;
    private final Param<String> outputCol;
    private final Param<String> modelDir;
    private final IntParam batchSize;
    private final Param<String> pooling;
    private final Param<String> handleInvalid;
    private transient Sent sent;

    /** What executors were given of a folder. */
    private record Sent(SparkContext context, String modelDir, EncoderSpec spec, BroadcastEncoder weights) {}

    public NanoEdgeEncoder() {
        this(Identifiable.randomUID("nanoEdgeEncoder"));
    }

    /** MLlib's readers call it. */
    public NanoEdgeEncoder(String uid) {
        this.uid = uid; // params ask for it
        inputCol = new Param<>(this, "inputCol", "column with media files, binary");
        outputCol = new Param<>(this, "outputCol", "column to add");
        modelDir = new Param<>(this, "modelDir", "URI of a model folder or of a TorchScript encoder's folder");
        batchSize =
                new IntParam(this, "batchSize", "media per call of the encoder, at least 1", ParamValidators.gtEq(1));
        pooling = choice("pooling", "what a medium's tokens become", EncodePartition.Pooling.values());
        handleInvalid = choice(
                "handleInvalid", "what becomes of media that cannot be decoded", EncodePartition.Invalid.values());
        setDefault(outputCol, uid + "__output");
        setDefault(batchSize, ModelKeys.ENCODER_BATCH.defaultValue());
        setDefault(pooling, word(EncodePartition.Pooling.MEAN));
        setDefault(handleInvalid, word(EncodePartition.Invalid.ERROR));
    }

    private Param<String> choice(String name, String meaning, Enum<?>... choices) {
        String[] words = Arrays.stream(choices).map(NanoEdgeEncoder::word).toArray(String[]::new);
        return new Param<>(this, name, meaning + ": " + String.join(", ", words), ParamValidators.inArray(words));
    }

    private static String word(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String uid() {
        return uid;
    }

    public Param<String> inputCol() {
        return inputCol;
    }

    public Param<String> outputCol() {
        return outputCol;
    }

    public Param<String> modelDir() {
        return modelDir;
    }

    public IntParam batchSize() {
        return batchSize;
    }

    public Param<String> pooling() {
        return pooling;
    }

    public Param<String> handleInvalid() {
        return handleInvalid;
    }

    public NanoEdgeEncoder setInputCol(String value) {
        set(inputCol, value);
        return this;
    }

    public NanoEdgeEncoder setOutputCol(String value) {
        set(outputCol, value);
        return this;
    }

    public NanoEdgeEncoder setModelDir(String value) {
        set(modelDir, value);
        return this;
    }

    public NanoEdgeEncoder setBatchSize(int value) {
        set(batchSize, value);
        return this;
    }

    public NanoEdgeEncoder setPooling(String value) {
        set(pooling, value);
        return this;
    }

    public NanoEdgeEncoder setHandleInvalid(String value) {
        set(handleInvalid, value);
        return this;
    }

    public String getInputCol() {
        return required(inputCol);
    }

    public String getOutputCol() {
        return required(outputCol);
    }

    public String getModelDir() {
        return required(modelDir);
    }

    public int getBatchSize() {
        return (Integer) getOrDefault(batchSize);
    }

    public String getPooling() {
        return getOrDefault(pooling);
    }

    public String getHandleInvalid() {
        return getOrDefault(handleInvalid);
    }

    private String required(Param<String> param) {
        if (!isDefined(param)) {
            throw new IllegalArgumentException("NanoEdgeEncoder needs the param " + param.name() + " (" + param.doc()
                    + "): it is not set. Call its setter.");
        }
        return getOrDefault(param);
    }

    /**
     * The schema with the new column.
     *
     * @throws IllegalArgumentException if a column or param is missing, of another type, or taken
     */
    @Override
    public StructType transformSchema(StructType schema) {
        String input = getInputCol();
        String output = getOutputCol();
        getModelDir();
        if (!Arrays.asList(schema.fieldNames()).contains(input)) {
            throw new IllegalArgumentException("inputCol must name a column with media files (binary): found no '"
                    + input + "' among " + Arrays.toString(schema.fieldNames()) + ".");
        }
        DataType type = schema.apply(input).dataType();
        if (!type.equals(DataTypes.BinaryType)) {
            throw new IllegalArgumentException(
                    "Column '" + input + "' must hold media files as they are, binary: found " + type.simpleString()
                            + ". Files of a folder come so by spark.read().format(\"binaryFile\").");
        }
        if (Arrays.asList(schema.fieldNames()).contains(output)) {
            throw new IllegalArgumentException("outputCol must be a new column: '" + output
                    + "' is there already. Name another, or drop it first.");
        }
        return schema.add(new StructField(output, outputType(), true, org.apache.spark.sql.types.Metadata.empty()));
    }

    private DataType outputType() {
        return chosenPooling() == EncodePartition.Pooling.NONE
                ? DataTypes.createArrayType(DataTypes.FloatType, false)
                : SQLDataTypes.VectorType();
    }

    private EncodePartition.Pooling chosenPooling() {
        return EncodePartition.Pooling.valueOf(getPooling().toUpperCase(Locale.ROOT));
    }

    /**
     * Adds the column; rows stay in their partitions and order.
     *
     * @throws org.fednano.settings.JobException with status 3 if {@code modelDir} is no sound model folder
     */
    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        StructType schema = transformSchema(dataset.schema(), false);
        Sent encoder = sent(dataset.sparkSession().sparkContext());
        EncodePartition task = new EncodePartition(
                encoder.spec,
                encoder.weights,
                getBatchSize(),
                dataset.schema().fieldIndex(getInputCol()),
                getInputCol(),
                EncodePartition.Invalid.valueOf(getHandleInvalid().toUpperCase(Locale.ROOT)),
                chosenPooling());
        return dataset.toDF().mapPartitions(task, Encoders.row(schema));
    }

    /** Broadcasts the folder's weights once. Spark frees them when neither this nor any DataFrame can be reached any more. */
    private Sent sent(SparkContext context) {
        String folder = getModelDir();
        if (sent == null || sent.context != context || !sent.modelDir.equals(folder)) {
            sent = ModelFolders.local(folder, context.hadoopConfiguration(), local -> {
                EncoderFolder encoder = EncoderFolder.open(local);
                BroadcastEncoder weights =
                        BroadcastEncoder.of(JavaSparkContext.fromSparkContext(context), encoder.source());
                return new Sent(context, folder, encoder.spec(), weights);
            });
        }
        return sent;
    }

    @Override
    public NanoEdgeEncoder copy(ParamMap extra) {
        NanoEdgeEncoder copy = defaultCopy(extra);
        copy.sent = sent; // what was broadcast is broadcast
        return copy;
    }

    /** Writes the params; {@code modelDir} with its whole path, so that it is found from anywhere. Weights stay in it. */
    @Override
    public MLWriter write() {
        return new MLWriter() {
            @Override
            public void saveImpl(String path) {
                NanoEdgeEncoder whole = copy(ParamMap.empty());
                if (isDefined(modelDir)) {
                    Configuration conf = sc().hadoopConfiguration();
                    whole.setModelDir(ModelFolders.qualified(getModelDir(), conf));
                }
                new DefaultParamsWriter(whole).saveImpl(path);
            }
        };
    }

    @Override
    public void save(String path) throws IOException {
        write().save(path);
    }

    /** Reads what {@link #write} wrote; MLlib finds it by name. */
    public static MLReader<NanoEdgeEncoder> read() {
        return new DefaultParamsReader<>();
    }

    public static NanoEdgeEncoder load(String path) {
        return read().load(path);
    }
}
