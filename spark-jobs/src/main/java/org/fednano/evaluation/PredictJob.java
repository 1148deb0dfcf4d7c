package org.fednano.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.adapter.AdapterLayout;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.features.EncoderWeights;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.Purpose;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.ShardPaths;
import org.fednano.spark.CohortJob;
import org.fednano.spark.DriverGateway;
import org.fednano.weights.HfModelFolder;

/** Answers new rows as a Spark job, one partition per input file. */
public final class PredictJob implements AutoCloseable {

    private final JavaSparkContext spark;
    private final Settings settings;
    private final Gateway gateway;
    private final EncoderWeights encoder;

    /**
     * @param llm the frozen LLM; stays the caller's to close
     */
    public PredictJob(SparkContext spark, Settings settings, HfModelFolder model, NanoEdgeSpec edge, FrozenLlm llm) {
        this.spark = JavaSparkContext.fromSparkContext(spark);
        this.settings = settings;
        this.gateway = DriverGateway.open(spark, settings, llm);
        this.encoder = new EncoderWeights(this.spark, model, settings, edge);
    }

    /**
     * What was answered.
     *
     * @param cut rows whose prompt was cut to {@code prompt.max_tokens}
     */
    public record Done(long rows, long cut) {}

    /**
     * Answers every row; the output folder appears whole or not at all.
     *
     * @param input Parquet file or folder of such files (URI)
     * @param output folder (URI) to create
     * @return what was answered
     * @throws JobException with status 2 if the output exists, 3 if the input is missing or lacks a column
     */
    public Done answer(String input, String output, AdapterLayout layout, float[] theta) {
        Configuration conf = spark.hadoopConfiguration();
        Path target = new Path(output);
        Path temporary = new Path(
                target.getParent() == null ? new Path(".") : target.getParent(), ".answering-" + UUID.randomUUID());
        try {
            FileSystem fs = target.getFileSystem(conf);
            if (fs.exists(target)) {
                throw JobException.usage("--output expects a folder that does not exist yet: found " + target
                        + ". Name another one, or remove it.");
            }
            List<String> files = files(conf, new Path(input));
            try {
                Done done = run(files, temporary, layout, theta);
                if (!fs.rename(temporary, target)) {
                    throw new IOException("cannot rename " + temporary + " to " + target);
                }
                return done;
            } finally {
                fs.delete(temporary, true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Writing " + output + ": " + e.getMessage(), e);
        }
    }

    private Done run(List<String> files, Path temporary, AdapterLayout layout, float[] theta) throws IOException {
        temporary.getFileSystem(spark.hadoopConfiguration()).mkdirs(temporary);
        EvaluationPlan plan = new EvaluationPlan(
                0,
                layout,
                theta,
                List.of(),
                Integer.MAX_VALUE,
                settings.get(ModelKeys.MAX_NEW_TOKENS),
                settings.get(ModelKeys.EVAL_BATCH),
                1);
        Broadcast<SerializableConfiguration> conf =
                spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        Broadcast<EvaluationPlan> broadcast = spark.broadcast(plan);
        Map<String, PredictTask.Result> results = new ConcurrentSkipListMap<>();
        gateway.begin(Purpose.EVALUATE, 0, files);
        try {
            CohortJob.run(
                    spark.sc(),
                    "fednano-predict",
                    "FedNano prediction · " + files.size() + " files",
                    files.stream()
                            .map(file -> new PredictTask.Input(file, gateway.pass(Purpose.EVALUATE, 0, file)))
                            .toList(),
                    file -> List.of(),
                    new PredictTask(conf, broadcast, gateway.address(), encoder.handle(), files, temporary.toString()),
                    (PredictTask.Result result) -> {
                        gateway.left(Purpose.EVALUATE, 0, result.file());
                        results.put(result.file(), result);
                    });
        } finally {
            gateway.end(Purpose.EVALUATE, 0);
            broadcast.destroy();
            conf.destroy();
        }
        long rows = 0;
        long cut = 0;
        for (PredictTask.Result result : results.values()) {
            if (result.status() != ExitStatus.DONE) {
                throw new JobException(result.status(), result.error());
            }
            rows += result.rows();
            cut += result.cut();
        }
        return new Done(rows, cut);
    }

    private static List<String> files(Configuration conf, Path input) throws IOException {
        FileSystem fs = input.getFileSystem(conf);
        if (!fs.exists(input)) {
            throw JobException.badInput(
                    "--input expects a Parquet file or a folder of Parquet files: found nothing at " + input + ".");
        }
        List<String> files = new ArrayList<>();
        if (fs.getFileStatus(input).isFile()) {
            files.add(input.toString());
        } else {
            for (FileStatus file : ShardPaths.parquetFiles(fs, input)) {
                files.add(file.getPath().toString());
            }
        }
        if (files.isEmpty()) {
            throw JobException.badInput("--input expects Parquet files in " + input + ": found none.");
        }
        return files;
    }

    @Override
    public void close() {
        gateway.close();
        encoder.close();
    }
}
