package org.fednano.sparkui;

import java.util.Map;
import org.apache.spark.SparkConf;

/**
 * What every command asks of Spark's UI where the user says nothing. It asks nobody who he is: whoever reaches it could end a
 * round. And what it shows lies in the driver's memory, by default a thousand jobs and 100,000 tasks of each, where a task is
 * a client: a run of many rounds would grow for a thousand of them. Spark collects it whether the UI is there or not.
 */
public final class SparkUi {

    private static final Map<String, String> DEFAULTS = Map.of(
            "spark.ui.killEnabled", "false",
            "spark.ui.retainedJobs", "100",
            "spark.ui.retainedStages", "100",
            "spark.ui.retainedTasks", "500",
            "spark.sql.ui.retainedExecutions", "50");

    private SparkUi() {}

    /** @param conf of the session to come; what it says already stays */
    public static void use(SparkConf conf) {
        DEFAULTS.forEach(conf::setIfMissing);
    }
}
