package org.fednano.udf;

import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.StructType;
import org.fednano.sample.Answers;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * The project's SQL functions. Each answers null to null, so that {@code LEFT JOIN}s stay queries.
 *
 * <ul>
 *   <li>{@code normalise_answer(string)}: lower case, trimmed, single blanks; what accuracy compares
 *   <li>{@code exact_match(predicted, expected)}: boolean, after normalisation
 *   <li>{@code l2_norm(array)}, {@code cosine_similarity(array, array)}: double; arrays of any numbers
 *   <li>{@code human_bytes(number)}: {@code 5.5 MiB}
 *   <li>{@code image_info(binary)}: struct of width and height in pixels and format; null if it is no picture
 * </ul>
 */
public final class FedNanoFunctions {

    private static final StructType IMAGE_INFO = new StructType()
            .add("width", IntegerType)
            .add("height", IntegerType)
            .add("format", StringType);

    private FedNanoFunctions() {}

    /** Registers all functions for this session; doing it again changes nothing. */
    public static void register(SparkSession session) {
        var udf = session.udf();
        udf.register("normalise_answer", (UDF1<String, String>) FedNanoFunctions::normalise, StringType);
        udf.register("exact_match", (UDF2<String, String, Boolean>) FedNanoFunctions::match, BooleanType);
        udf.register("l2_norm", (UDF1<Seq<Number>, Double>) v -> Vectors.l2Norm(list(v)), DoubleType);
        udf.register(
                "cosine_similarity",
                (UDF2<Seq<Number>, Seq<Number>, Double>) (a, b) -> Vectors.cosineSimilarity(list(a), list(b)),
                DoubleType);
        udf.register(
                "human_bytes", (UDF1<Number, String>) n -> n == null ? null : Sizes.human(n.longValue()), StringType);
        udf.register("image_info", (UDF1<byte[], Row>) FedNanoFunctions::imageInfo, IMAGE_INFO);
    }

    private static String normalise(String answer) {
        return answer == null ? null : Answers.normalise(answer);
    }

    private static Boolean match(String predicted, String expected) {
        return predicted == null || expected == null ? null : (Boolean) Answers.match(predicted, expected);
    }

    private static List<Number> list(Seq<Number> values) {
        return values == null ? null : JavaConverters.seqAsJavaList(values);
    }

    private static Row imageInfo(byte[] file) {
        return file == null
                ? null
                : Images.info(file)
                        .map(i -> RowFactory.create(i.width(), i.height(), i.format()))
                        .orElse(null);
    }
}
