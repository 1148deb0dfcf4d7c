package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the entry script itself decides, before any Java runs; and where it may lie and be called from. */
class EntryScriptTest {

    @TempDir
    Path folder;

    @Test
    void anUnknownWordNamesTheNearest() {
        CommandLine fednano = new CommandLine();
        List.of(
                        "trian train",
                        "evaluat evaluate",
                        "predcit predict",
                        "eval evaluate",
                        "endpont endpoint",
                        "Report report",
                        "--hlep --help",
                        "--pritn --print")
                .forEach(pair -> {
                    String[] words = pair.split(" ");
                    fednano.run(words[0]).expect(2).saying("'" + words[0] + "'", "Did you mean " + words[1] + "?");
                });
        CommandLine.Ended far = fednano.run("xyzzyplugh").expect(2).saying("--help");
        assertFalse(far.output().contains("Did you mean"), far.output());
    }

    @Test
    void whatIsWrongWithWordsIsSaidBeforeSparkStarts() throws IOException {
        // A Spark that would leave with 7, had it been started.
        Path spark = spark("never", "spark-core_2.12-3.5.1.jar", "Spark 3.5.1 built for Hadoop 3.3.4");
        Path jars = CommandLine.ROOT.resolve("submit-scripts/spark-home/target/jars");
        try (Stream<Path> real = Files.list(jars)) {
            for (Path jar : real.toList()) {
                Files.createSymbolicLink(spark.resolve("jars").resolve(jar.getFileName()), jar);
            }
        }
        CommandLine fednano = new CommandLine().with("SPARK_HOME", spark.toString());
        fednano.run("train", "--set", "run.rouns=3").expect(2).saying("Unknown setting 'run.rouns'", "run.rounds");
        fednano.run("round", "--bogus").expect(2).saying("--bogus");
        fednano.run("prepare", "--conf", folder.resolve("none.conf").toString())
                .expect(2)
                .saying("none.conf");
        fednano.run("evaluate", "--help").expect(0).saying("Usage: fednano evaluate");
        fednano.run("settings").expect(7).saying("this is " + spark);
    }

    /** On one machine, unless a user's own words ask for another collector or for the compiler. */
    @Test
    void whatTrainsHereDoesWithoutWhatCompetesWithIt() {
        CommandLine fednano = new CommandLine();
        String[] train = {"--print", "train", "--set", "run.dir=" + folder};
        fednano.run(train).expect(0).saying("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
        for (CommandLine other : List.of(
                new CommandLine().with("JAVA_TOOL_OPTIONS", "-XX:+UseParallelGC"),
                new CommandLine().with("FEDNANO_JIT", "full"),
                new CommandLine().with("FEDNANO_MASTER", "spark://host:7077"))) {
            CommandLine.Ended ended = other.run(train).expect(0);
            assertFalse(ended.output().contains("UseSerialGC"), ended.output());
        }
        CommandLine.Ended ended =
                fednano.run("--print", "encode", "--set", "run.dir=" + folder).expect(0);
        assertFalse(ended.output().contains("TieredStopAtLevel"), ended.output());
    }

    @Test
    void anotherSparkIsRefusedBeforeAnythingStarts() throws IOException {
        refused("Spark 4.0.1 for Scala 2.13", spark("4.0", "spark-core_2.13-4.0.1.jar", ""));
        refused("Spark 3.4.4 for Scala 2.12", spark("3.4", "spark-core_2.12-3.4.4.jar", ""));
        refused(
                "Spark 3.5.7 for Scala 2.13",
                spark("2.13", "spark-core_2.13-3.5.7.jar", "Spark 3.5.7 built for Hadoop 3"));
        refused("Spark 4.1.0", spark("release", "other.jar", "Spark 4.1.0 (git revision 0) built for Hadoop 3.4.1"));
        for (Path right : List.of(
                spark("3.5", "spark-core_2.12-3.5.1.jar", "Spark 3.5.1 built for Hadoop 3.3.4"),
                spark("vendor", "spark-core_2.12-3.5.0-amzn-1.jar", ""),
                spark("unknown", "other.jar", "Spark 3.5.2 (git revision 0) built for Hadoop 3.3.4"))) {
            new CommandLine()
                    .with("SPARK_HOME", right.toString())
                    .run("settings")
                    .expect(7)
                    .saying("this is " + right);
        }
    }

    /** A distribution, or pip's pyspark, as far as it can be told from outside; its spark-submit leaves with 7. */
    private Path spark(String name, String core, String release) throws IOException {
        Path home = folder.resolve("spark [" + name + "]");
        Files.createDirectories(home.resolve("jars"));
        Files.createFile(home.resolve("jars").resolve(core));
        if (!release.isEmpty()) {
            Files.writeString(home.resolve("RELEASE"), release + "\nBuild flags: none\n");
        }
        Path submit = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
        Files.writeString(submit, "#!/bin/sh\necho \"this is $SPARK_HOME\"\nexit 7\n");
        assertTrue(submit.toFile().setExecutable(true));
        return home;
    }

    private void refused(String found, Path home) {
        for (String[] command : List.of(new String[] {"settings"}, new String[] {"inspect"}, new String[] {"demo"})) {
            CommandLine.Ended ended = new CommandLine()
                    .with("SPARK_HOME", home.toString())
                    .run(command)
                    .expect(2)
                    .saying("expected Spark 3.5 for Scala 2.12", "found " + found + ".");
            assertEquals(1, ended.output().lines().count(), ended.output());
        }
    }

    @Test
    @Tag("slow")
    void theProjectLiesAnywhereAndIsCalledFromAnywhere() throws IOException {
        Path checkout = checkout("a b[1],{x,y}*?#%20=ü \"q\" $HOME\\");
        Path elsewhere = Files.createDirectories(folder.resolve("else where [2]"));
        Path link =
                Files.createSymbolicLink(folder.resolve("fednano-link"), checkout.resolve("submit-scripts/fednano"));
        for (Path script : List.of(checkout.resolve("submit-scripts/fednano"), link)) {
            CommandLine fednano = new CommandLine(script, elsewhere);
            fednano.run("inspect").expect(0).saying("nano-llava");
            fednano.run("endpoint", "serve", "--dry-run").expect(0).saying("dry run");
        }
        CommandLine fednano = new CommandLine(link, elsewhere);
        fednano.run(
                        "demo",
                        "--dir=-demo {1}",
                        "--set=generate.train=10",
                        "--set=generate.test=2",
                        "--set=generate.balanced=2",
                        "--set=run.rounds=1",
                        "--set=local.batch_size=2")
                .expect(0)
                .saying("round  1/1", "report.html");
        assertTrue(Files.exists(elsewhere.resolve("-demo {1}/report/report.html")));
        fednano.run(
                        "predict",
                        "--set=run.dir=-demo {1}/run",
                        "--input=-demo {1}/shards/clients/client_id=c001/split=test",
                        "--output",
                        "@answers#1")
                .expect(0);
        assertTrue(Files.exists(elsewhere.resolve("@answers#1/part-00000.parquet")));
        assertFalse(Files.exists(elsewhere.resolve("work")), "nothing but what was asked for");
    }

    @Test
    void aColonInTheProjectsFolderIsRefusedWhereJavaCannotHaveIt() throws IOException {
        CommandLine.Ended ended = new CommandLine(checkout("a:b").resolve("submit-scripts/fednano"), folder)
                .run("inspect")
                .expect(2)
                .saying("without ':'");
        assertEquals(1, ended.output().lines().count(), ended.output());
    }

    /** The built project under another name: a script of its own, the rest by links. */
    private Path checkout(String name) throws IOException {
        Path checkout = folder.resolve(name);
        Files.createDirectories(checkout.resolve("submit-scripts/spark-home"));
        Files.copy(CommandLine.ROOT.resolve("submit-scripts/fednano"), checkout.resolve("submit-scripts/fednano"));
        for (String linked : List.of("conf", "submit-scripts/target", "submit-scripts/spark-home/target")) {
            Files.createSymbolicLink(checkout.resolve(linked), CommandLine.ROOT.resolve(linked));
        }
        return checkout;
    }
}
