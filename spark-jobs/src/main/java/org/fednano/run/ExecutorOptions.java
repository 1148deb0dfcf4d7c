package org.fednano.run;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;

/**
 * What executors in processes of their own need beside the jars: engine threads as many as a task has cores, since tasks
 * run side by side; and what the start script gives the driver: no downloads, no usage reports, waiting threads that
 * sleep. What the user has set stays.
 */
public final class ExecutorOptions {

    private static final String OPTIONS = "spark.executor.extraJavaOptions";

    private ExecutorOptions() {}

    public static void apply(SparkConf conf) {
        Map<String, String> properties = new TreeMap<>(Map.of(
                "ai.djl.pytorch.num_threads", conf.get("spark.task.cpus", "1"),
                "ai.djl.pytorch.num_interop_threads", "1",
                "ai.djl.offline", "true",
                "OPT_OUT_TRACKING", "true"));
        StringBuilder options = new StringBuilder(conf.get(OPTIONS, ""));
        properties.forEach((name, value) -> {
            if (options.indexOf("-D" + name + "=") < 0) {
                options.append(options.isEmpty() ? "" : " ")
                        .append("-D")
                        .append(name)
                        .append('=')
                        .append(value);
            }
        });
        conf.set(OPTIONS, options.toString());
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        conf.setIfMissing("spark.executorEnv.OPT_OUT_TRACKING", "true");
    }
}
