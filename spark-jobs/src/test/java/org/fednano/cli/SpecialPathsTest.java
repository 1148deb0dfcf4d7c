package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A path is a path: every command in folders whose names mean something to Spark, Hadoop, HOCON or a URI. */
@Tag("slow")
class SpecialPathsTest {

    @TempDir
    Path root;

    private Path folder;
    private String output;

    @BeforeEach
    void world() {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
    }

    @AfterEach
    void clear() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a[1]b{x,y}st*r qu?stion",
                "back\\slash ha#sh%20",
                "[^a-c]{}\\[x\\]**",
                "it's \"eq=x\" $HOME ${HOME} +,;&~@!()`",
                "-dash/_under/.dot/ü-図-u\u0308-\uD83D\uDE42/c:olon/r1=x/ end ",
            })
    void everyCommandTakesAPathForAPath(String name) throws IOException {
        folder = Files.createDirectories(root.resolve(name));
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 4, 3);
        Path input = folder.resolve("shards/clients/client_id=c001/split=test");

        done("encode");
        done("train", "--rounds", "1");
        assertTrue(output.contains("round 1  ") && output.contains("majority answer"), output);
        assertTrue(Files.readString(folder.resolve("run/last.json")).contains("\"accuracy\" : 0."));
        done("round", "--set", "run.rounds=2");
        done("evaluate", "--round", "1");
        assertTrue(output.contains("round 1 "), output);
        done(
                "predict",
                "--input",
                input.toString(),
                "--output",
                folder.resolve("answers").toString());
        done("report", "--out", folder.resolve("page").toString());
        done("report", "--shards", folder.resolve("shards").toString());
        done("export", "--out", folder.resolve("adapter").toString());
        done(
                "compare",
                "--strategies",
                "fedavg",
                "--seeds",
                "1",
                "--rounds",
                "1",
                "--set",
                "run.dir=" + folder.resolve("all"));
        assertTrue(output.lines().anyMatch(l -> l.startsWith("fedavg ") && l.contains("%")), output);
        for (String file : List.of(
                "run/rounds/00002/adapter.safetensors",
                "answers/part-00000.parquet",
                "page/report.html",
                "shards/report/report.txt",
                "adapter/adapter_config.json",
                "all/comparison.csv")) {
            assertTrue(Files.isRegularFile(folder.resolve(file)), file);
        }
        nothingBeside(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a[1]b{x,y}*", "back\\slash ha#sh%20 ü?"})
    void aCatalogueAndItsOwnersLieAnywhere(String name) throws IOException {
        folder = Files.createDirectories(root.resolve(name));
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 4);
        Path owner = TinyShards.moveOut(folder.resolve("shards"), "c001", folder.resolve("owner [c]"));
        Path file = Files.writeString(
                folder.resolve("clients {x}.conf"),
                "clients.c001.uri = \"%s\"".formatted(owner.toString().replace("\\", "\\\\")));
        done("train", "--rounds", "1", "--set", "run.clients=" + file);
        assertTrue(output.contains("1/1 clients"), output);

        Path table = folder.resolve("clients [x]");
        writeTable(table, owner);
        done(
                "train",
                "--rounds",
                "1",
                "--set",
                "run.clients=" + table,
                "--set",
                "run.dir=" + folder.resolve("table"),
                "--set",
                "run.id=t");
        assertTrue(output.contains("1/1 clients"), output);
        nothingBeside(name);
    }

    private void writeTable(Path table, Path owner) throws IOException {
        Path plain = root.resolve("plain");
        try (SparkSession spark = SparkSession.builder().getOrCreate()) {
            List<Row> rows = List.of(RowFactory.create("c001", owner.toString()));
            spark.createDataFrame(rows, StructType.fromDDL("client_id STRING, uri STRING"))
                    .coalesce(1)
                    .write()
                    .parquet(plain.toString());
        }
        Files.move(plain, table);
    }

    private void done(String command, String... more) {
        List<String> sets = List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "run.id=r1",
                "adapter.rank=2",
                "local.batch_size=4");
        CommandResult ran = CommandResult.command(command, command.equals("report") ? sets.subList(2, 5) : sets, more);
        output = ran.output();
        assertEquals(0, ran.status(), () -> command + ": " + ran.errors());
    }

    /** What was meant for the folder and went elsewhere would lie here. */
    private void nothingBeside(String name) throws IOException {
        try (Stream<Path> found = Files.list(root)) {
            assertEquals(
                    List.of(root.resolve(name.split("/")[0])),
                    found.filter(p -> !p.endsWith("plain")).toList());
        }
    }
}
