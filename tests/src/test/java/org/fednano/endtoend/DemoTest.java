package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first command, made smaller: from nothing to a report through Spark's submit path. */
@Tag("slow")
class DemoTest {

    @TempDir
    Path folder;

    @Test
    void fromNothingToAReport() throws IOException {
        String[] demo = {
            "demo",
            "--dir",
            folder.resolve("demo").toString(),
            "--set",
            "generate.train=100",
            "--set",
            "generate.test=20",
            "--set",
            "generate.balanced=20",
            "--set",
            "run.rounds=2"
        };
        new CommandLine()
                .run(demo)
                .expect(0)
                .saying("zero-shot", "round", "5/5 clients", "majority", "report.html", "adapter.safetensors");
        assertTrue(Files.size(folder.resolve("demo/run/rounds/00002/adapter.safetensors")) > 1000);
        for (String table : List.of("rounds", "clients", "evaluations", "predictions")) {
            assertTrue(Files.isDirectory(folder.resolve("demo/metrics").resolve(table)), table);
        }
        String html = Files.readString(folder.resolve("demo/report/report.html"));
        assertTrue(html.contains("<svg"), "the report has charts");

        byte[] before = Files.readAllBytes(folder.resolve("demo/run/rounds/00002/adapter.safetensors"));
        new CommandLine().run(demo).expect(0).saying("not drawn again", "not prepared again");
        assertEquals(
                -1,
                java.util.Arrays.mismatch(
                        before, Files.readAllBytes(folder.resolve("demo/run/rounds/00002/adapter.safetensors"))));
    }
}
