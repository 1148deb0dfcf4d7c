package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.fednano.demo.DemoMain;
import org.fednano.prep.format.RecordResult;
import org.fednano.settings.Commands;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A path is a path, and a column's name is its name, whatever its letters mean to Spark, Hadoop, HOCON or a URI. */
class SpecialPathsTest {

    @TempDir
    Path root;

    private final StringWriter output = new StringWriter();

    @BeforeEach
    void spark() {
        System.setProperty("spark.master", "local[1]");
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
                "-dash/_under/.dot/ü-図-u\u0308/back\\slash/ha#sh%20",
                "it's \"eq=x\" ${HOME} +,;&/c:olon",
            })
    void generateAndPrepareTakeAPathForAPath(String name) throws IOException {
        Path folder = root.resolve(name);
        String raw = "raw" + folder.getFileName();
        String shards = "shards" + folder.getFileName();
        done(
                "generate",
                "generate.out=" + folder.resolve(raw),
                "generate.clients=1",
                "generate.train=2",
                "generate.val=0",
                "generate.test=0",
                "generate.balanced=0");
        done("prepare", "prepare.source=" + folder.resolve(raw), "prepare.out=" + folder.resolve(shards));
        Path rows = folder.resolve(shards + "/clients/client_id=c001/split=train/part-00000.parquet");
        assertTrue(Files.isRegularFile(rows), rows.toString());
        try (Stream<Path> found = Files.list(root)) {
            assertEquals(List.of(root.resolve(name.split("/")[0])), found.toList());
        }
        try (Stream<Path> found = Files.list(folder)) {
            assertEquals(
                    List.of(folder.resolve(raw), folder.resolve(shards)),
                    found.sorted().toList());
        }
    }

    @Test
    void aColumnIsTheOneThatWasTyped() throws IOException {
        Path source = Files.createDirectories(root.resolve("data#1"));
        Files.writeString(
                source.resolve("a.jsonl"),
                """
                {"id": "x", "q#text": "right", "q": "wrong", "answer": "a"}
                """);
        List<RecordResult> checked =
                Raw.check(source, "prepare.format=table", "prepare.split=iid", "prepare.columns.question=q#text");
        assertEquals("right", Raw.accepted(checked.get(0)).question());
    }

    private void done(String command, String... sets) {
        List<String> args = new ArrayList<>(List.of(command));
        for (String set : sets) {
            args.addAll(List.of("--set", set));
        }
        PrintWriter out = new PrintWriter(output, true);
        Object main = command.equals("prepare") ? new DataPrepMain() : new DemoMain();
        int status = Commands.run(main, out, out, args.toArray(String[]::new));
        assertEquals(0, status, output::toString);
    }
}
