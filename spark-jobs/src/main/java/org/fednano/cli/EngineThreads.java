package org.fednano.cli;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/** Threads of the tensor engine; they decide how sums are split, so they are part of what repeats a run. */
final class EngineThreads {

    private static final String THREADS = "ai.djl.pytorch.num_threads";
    private static final String INTEROP_THREADS = "ai.djl.pytorch.num_interop_threads";
    private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";

    private EngineThreads() {}

    /** In this JVM. Must come before the engine is first used: it reads these properties once. */
    static void apply(Settings settings) {
        int threads = settings.get(ModelKeys.THREADS);
        int all = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        System.setProperty(THREADS, String.valueOf(all));
        System.setProperty(INTEROP_THREADS, "1");
    }

    /**
     * In executors of their own: as many as a task has cores, since tasks run side by side. With them, what the driver's
     * start script gives the driver: no downloads, no usage reports, waiting threads that sleep. What the user has set
     * stays.
     */
    static void onExecutors(SparkConf conf) {
        Map<String, String> properties = new TreeMap<>(Map.of(
                THREADS,
                conf.get("spark.task.cpus", "1"),
                INTEROP_THREADS,
                "1",
                "ai.djl.offline",
                "true",
                "OPT_OUT_TRACKING",
                "true"));
        StringBuilder options = new StringBuilder(conf.get(EXECUTOR_OPTIONS, ""));
        properties.forEach((name, value) -> {
            if (options.indexOf("-D" + name + "=") < 0) {
                options.append(options.isEmpty() ? "" : " ")
                        .append("-D")
                        .append(name)
                        .append('=')
                        .append(value);
            }
        });
        conf.set(EXECUTOR_OPTIONS, options.toString());
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        conf.setIfMissing("spark.executorEnv.OPT_OUT_TRACKING", "true");
    }
}
