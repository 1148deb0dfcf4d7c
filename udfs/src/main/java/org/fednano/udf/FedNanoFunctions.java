package org.fednano.udf;

import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.FloatType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.createArrayType;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataType;
import org.fednano.sample.Answers;
import org.fednano.settings.Quantities;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * The project's SQL functions: what Spark SQL has no built-in for. Each answers null to null, so that {@code LEFT JOIN}s
 * stay queries. {@link #register} gives them to one session; {@link FedNanoExtension} to every session of a Spark.
 */
public final class FedNanoFunctions {

    private static final DataType INTS = createArrayType(IntegerType, false);
    private static final DataType FLOATS = createArrayType(FloatType, false);

    /** All of them, by name. */
    public static final List<SqlFunction> ALL = List.of(
            new SqlFunction(
                    "adapter_vector",
                    "(file)",
                    "Values of a safetensors file (binary), all its tensors one behind the other, as array<float>; null if"
                            + " it is none.",
                    "size(adapter_vector(content)) FROM binaryFile.`RUN/rounds/00001/adapter.safetensors`",
                    "4096",
                    udf((UDF1<byte[], float[]>) AdapterVectors::of, FLOATS)),
            new SqlFunction(
                    "cosine_similarity",
                    "(a, b)",
                    "Cosine of the angle between two arrays of numbers, as double; null for a zero vector or a null entry.",
                    "cosine_similarity(array(1, 0), array(1, 1))",
                    "0.7071067811865475",
                    udf(
                            (UDF2<Seq<Number>, Seq<Number>, Double>)
                                    (a, b) -> Vectors.cosineSimilarity(list(a), list(b)),
                            DoubleType)),
            new SqlFunction(
                    "count_tokens",
                    "(text, model)",
                    "Number of tokens of a text for the model in a folder (a URI that every executor can read), without"
                            + " start and end.",
                    "count_tokens('what color is the star?', 'conf/models/nano-llava')",
                    "6",
                    udf(
                            (UDF2<String, String, Integer>) (text, model) ->
                                    text == null || model == null ? null : Tokens.ids(text, model).length,
                            IntegerType)),
            new SqlFunction(
                    "decode_image",
                    "(file)",
                    "A picture file (binary) decoded as the encoder decodes it, in the schema of Spark's image data source"
                            + " (height, width, nChannels, data in BGR); null if it is no whole picture.",
                    "hex(decode_image(unhex('424D3A000000000000003600000028000000010000000100000001001800000000000400000000"
                            + "0000000000000000000000000000000000FF00')).data)",
                    "0000FF",
                    udf((UDF1<byte[], Row>) Pictures::decode, Pictures.DECODED)),
            new SqlFunction(
                    "exact_match",
                    "(predicted, expected)",
                    "Whether two answers are equal once normalised: what accuracy counts.",
                    "exact_match('Red ', 'red')",
                    "true",
                    udf((UDF2<String, String, Boolean>) FedNanoFunctions::match, BooleanType)),
            new SqlFunction(
                    "human_bytes",
                    "(number)",
                    "Bytes for people to read, in decimal units as in the reports.",
                    "human_bytes(5500000)",
                    "5.50 MB",
                    udf((UDF1<Number, String>) n -> n == null ? null : Quantities.bytes(n.doubleValue()), StringType)),
            new SqlFunction(
                    "image_info",
                    "(file)",
                    "Width and height in pixels and the format of a picture file (binary), from its header alone; null if"
                            + " it is no picture.",
                    "image_info(unhex('47494638396107000500800000000000FFFFFF2C00000000070005000002068C8FA9CBED05003B'))",
                    "{7, 5, gif}",
                    udf((UDF1<byte[], Row>) Pictures::info, Pictures.INFO)),
            new SqlFunction(
                    "l2_norm",
                    "(values)",
                    "Euclidean norm of an array of numbers, as double; null with a null entry.",
                    "l2_norm(array(3, 4))",
                    "5.0",
                    udf((UDF1<Seq<Number>, Double>) v -> Vectors.l2Norm(list(v)), DoubleType)),
            new SqlFunction(
                    "normalise_answer",
                    "(text)",
                    "An answer as it is compared: lower case, trimmed, single blanks.",
                    "normalise_answer('  Dark   RED ')",
                    "dark red",
                    udf((UDF1<String, String>) text -> text == null ? null : Answers.normalise(text), StringType)),
            new SqlFunction(
                    "tokenise",
                    "(text, model)",
                    "Token ids of a text for the model in a folder (a URI that every executor can read), without start and"
                            + " end, as array<int>.",
                    "size(tokenise('what color is the star?', 'conf/models/nano-llava'))",
                    "6",
                    udf(
                            (UDF2<String, String, int[]>)
                                    (text, model) -> text == null || model == null ? null : Tokens.ids(text, model),
                            INTS)));

    private FedNanoFunctions() {}

    /** Registers all functions for this session; doing it again changes nothing. */
    public static void register(SparkSession session) {
        ALL.forEach(function -> session.udf().register(function.name(), function.body()));
    }

    /** The page {@code conf/sql/functions.md}. */
    static String page() {
        StringBuilder text = new StringBuilder(
                """
                # SQL functions

                <!-- Written from org.fednano.udf.FedNanoFunctions; a test keeps it equal. Regenerate:
                     mvn -pl udfs -am test -Dtest=FedNanoFunctionsTest -Dsurefire.failIfNoSpecifiedTests=false -Dfednano.write-docs=true -->

                What Spark SQL has no built-in for. Each answers null to null. With the project's jar on the class path, every session
                has them by one setting:

                ```bash
                spark-sql --jars submit-scripts/target/fednano.jar --conf spark.sql.extensions=org.fednano.udf.FedNanoExtension
                ```

                In Java or Scala, `FedNanoFunctions.register(session)` gives them to one session. `DESCRIBE FUNCTION EXTENDED
                l2_norm` says in SQL what stands here.

                """);
        for (SqlFunction f : ALL) {
            text.append("## `").append(f.name()).append(f.arguments()).append("`\n\n");
            text.append(f.meaning())
                    .append("\n\n```sql\nSELECT ")
                    .append(f.example())
                    .append(";\n-- ");
            text.append(f.answer()).append("\n```\n\n");
        }
        return text.toString().stripTrailing() + "\n";
    }

    private static Boolean match(String predicted, String expected) {
        return predicted == null || expected == null ? null : (Boolean) Answers.match(predicted, expected);
    }

    private static List<Number> list(Seq<Number> values) {
        return values == null ? null : JavaConverters.seqAsJavaList(values);
    }
}
