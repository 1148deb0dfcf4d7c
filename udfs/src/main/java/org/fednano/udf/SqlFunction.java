package org.fednano.udf;

import org.apache.spark.sql.expressions.UserDefinedFunction;

/**
 * A SQL function: what it does, said once, for {@code DESCRIBE FUNCTION}, for the page of functions and for its test.
 *
 * @param name in SQL
 * @param arguments as written in a call, such as {@code (text, model)}
 * @param meaning what it answers, in one or two sentences
 * @param example an expression
 * @param answer what the example shows
 * @param body the function itself
 */
public record SqlFunction(
        String name, String arguments, String meaning, String example, String answer, UserDefinedFunction body) {}
