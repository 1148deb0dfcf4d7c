package org.fednano.udf;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives the project's SQL functions to every session of a Spark: {@code
 * spark.sql.extensions=org.fednano.udf.FedNanoExtension}.
 */
public final class FedNanoExtension extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {

    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        FedNanoFunctions.ALL.forEach(function -> extensions.injectFunction(description(function)));
        return BoxedUnit.UNIT;
    }

    private static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>> description(
            SqlFunction function) {
        return new Tuple3<>(new FunctionIdentifier(function.name()), info(function), new Call(function));
    }

    /** What {@code DESCRIBE FUNCTION EXTENDED} prints. */
    private static ExpressionInfo info(SqlFunction function) {
        return new ExpressionInfo(
                FedNanoFunctions.class.getName(),
                null,
                function.name(),
                "_FUNC_" + function.arguments() + " - " + function.meaning(),
                "",
                "\n    Examples:\n      > SELECT " + function.example() + ";\n       " + function.answer() + "\n  ",
                "",
                "",
                "",
                "",
                "java_udf");
    }

    /** A call in a query becomes the function's expression over its arguments. */
    private static final class Call extends AbstractFunction1<Seq<Expression>, Expression> {
        private final SqlFunction function;

        Call(SqlFunction function) {
            this.function = function;
        }

        @Override
        public Expression apply(Seq<Expression> arguments) {
            List<Column> columns = new ArrayList<>();
            JavaConverters.seqAsJavaList(arguments).forEach(a -> columns.add(new Column(a)));
            requireArity(columns.size());
            return function.body().apply(columns.toArray(Column[]::new)).expr();
        }

        private void requireArity(int found) {
            int expected = function.arguments().split(",").length;
            if (found != expected) {
                throw new IllegalArgumentException(function.name() + function.arguments() + " takes " + expected
                        + " arguments: found " + found + ".");
            }
        }
    }
}
