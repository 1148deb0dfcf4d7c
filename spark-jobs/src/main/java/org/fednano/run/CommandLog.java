package org.fednano.run;

import java.nio.file.Files;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.fednano.report.data.MetricsReader;
import org.fednano.runstore.LastCommand;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.SettingsOptions;
import org.slf4j.LoggerFactory;

/**
 * Leaves {@code last.json} behind whatever ends a call: schedulers read it where exit codes are lost. A call that was refused
 * because another one holds the run says nothing: the word there is the other's.
 */
public final class CommandLog {

    /** How long a call that was told to stop may take to say so itself; less than schedulers wait before they kill. */
    private static final long STOPPING_SECONDS = 8;

    private static final String STOPPED = "stopped by a signal; what was committed stays";

    private final String command;
    private final Optional<String> runDir;
    private final Optional<String> metricsDir;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopping;
    private boolean said;

    private CommandLog(String command, SettingsOptions options) {
        this.command = command;
        this.runDir = options.glimpse(RunKeys.DIR);
        this.metricsDir = options.glimpse(RunKeys.METRICS_DIR);
    }

    /**
     * Does a command's work, writes how it ended, and passes failures on.
     *
     * @param options where the run is; other settings may be wrong
     * @param work answers with one line on what was done
     */
    public static ExitStatus record(String command, SettingsOptions options, Supplier<String> work) {
        CommandLog calls = new CommandLog(command, options);
        Thread onShutdown = new Thread(calls::stop, "fednano-last-call");
        Runtime.getRuntime().addShutdownHook(onShutdown);
        try {
            calls.say(ExitStatus.DONE, work.get());
            return ExitStatus.DONE;
        } catch (JobException e) {
            calls.failed(e.status(), e.getMessage());
            throw e;
        } catch (Exception | Error e) { // Scala throws Spark's checked ones unannounced
            calls.failed(ExitStatus.FAILED, e.toString());
            throw e;
        } finally {
            calls.ended.countDown();
            if (!calls.stopping) {
                remove(onShutdown);
            }
        }
    }

    /** Writes that a call was refused before it was made. */
    public static void refused(String command, SettingsOptions options, ExitStatus status, String message) {
        new CommandLog(command, options).say(status, message);
    }

    private static void remove(Thread onShutdown) {
        try {
            Runtime.getRuntime().removeShutdownHook(onShutdown);
        } catch (IllegalStateException e) {
            LoggerFactory.getLogger(CommandLog.class).debug("The process is ending already", e);
        }
    }

    /** Runs when the process was told to end. Spark ends with it, so the work fails by itself unless it is in native code. */
    private void stop() {
        stopping = true;
        try {
            if (!ended.await(STOPPING_SECONDS, TimeUnit.SECONDS)) {
                say(ExitStatus.STOPPED, STOPPED);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void failed(ExitStatus status, String message) {
        if (stopping) {
            say(ExitStatus.STOPPED, STOPPED); // what broke is a consequence
        } else if (status != ExitStatus.RUN_HELD) {
            say(status, message);
        }
    }

    /** The first word stands. */
    private synchronized void say(ExitStatus status, String message) {
        if (said || runDir.isEmpty()) {
            return;
        }
        said = true;
        if (isSurelyNoRun(runDir.get())) {
            return;
        }
        try {
            Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
            if (RunReader.hasBegun(runDir.get(), hadoop)) {
                call(status, message, hadoop).write(runDir.get(), hadoop);
            }
        } catch (RuntimeException | Error e) {
            LoggerFactory.getLogger(CommandLog.class).warn("last.json was not written", e);
        }
    }

    /**
     * Whether the folder is a local one that isn't there, seen before Spark's and Hadoop's settings are read: that takes three times
     * as long as all else of a call with a wrong word. A folder without a scheme is local where nothing names another default.
     */
    private static boolean isSurelyNoRun(String folder) {
        if (new Path(folder).toUri().getScheme() != null
                || CommandLog.class.getClassLoader().getResource("core-site.xml") != null
                || System.getProperties().stringPropertyNames().stream()
                        .anyMatch(name -> name.startsWith("spark.hadoop.fs.default"))) {
            return false;
        }
        return Files.notExists(java.nio.file.Path.of(folder));
    }

    private LastCommand call(ExitStatus status, String message, Configuration hadoop) {
        OptionalInt round = OptionalInt.empty();
        Optional<MetricsReader.Accuracy> accuracy = Optional.empty();
        try {
            RunReader run = RunReader.open(runDir.get(), hadoop);
            round = run.lastCommitted();
            if (round.isPresent() && metricsDir.isPresent()) {
                accuracy = new MetricsReader(metricsDir.get(), hadoop)
                        .testAccuracy(run.info().runId(), round.getAsInt());
            }
        } catch (RuntimeException e) {
            // A damaged run folder or table: the message says why, if that is what ended the call.
            LoggerFactory.getLogger(CommandLog.class).debug("Not all is known for last.json", e);
        }
        return new LastCommand(
                command,
                status,
                round.isPresent() ? round.getAsInt() : null,
                accuracy.map(MetricsReader.Accuracy::round).orElse(null),
                accuracy.map(MetricsReader.Accuracy::mean).orElse(null),
                message,
                Instant.now());
    }
}
