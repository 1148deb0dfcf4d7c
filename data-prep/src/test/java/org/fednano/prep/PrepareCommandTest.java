package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.fednano.settings.Commands;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command asks of Spark, also where Spark's own files say nothing. */
class PrepareCommandTest {

    @TempDir
    Path root;

    private final Map<String, String> properties = new HashMap<>(Map.of(
            "spark.master", "local[1]",
            "spark.ui.enabled", "false",
            "spark.extraListeners", Seen.class.getName()));

    /** Made by Spark, by its name, with the settings of the session. */
    public static final class Seen extends SparkListener {
        private static volatile SparkConf conf;

        public Seen(SparkConf conf) {
            Seen.conf = conf;
        }
    }

    @AfterEach
    void clear() {
        properties.keySet().forEach(System::clearProperty);
    }

    private SparkConf prepared() throws IOException {
        Path source = Files.createDirectories(root.resolve("raw"));
        Files.writeString(
                source.resolve("a.jsonl"),
                """
                {"id": "x", "question": "which?", "answer": "a"}
                """);
        properties.forEach(System::setProperty);
        StringWriter output = new StringWriter();
        PrintWriter out = new PrintWriter(output, true);
        int status = Commands.run(
                new DataPrepMain(),
                out,
                out,
                "prepare",
                "--dry-run",
                "--set",
                "prepare.format=table",
                "--set",
                "prepare.split=iid",
                "--set",
                "prepare.clients=1",
                "--set",
                "prepare.source=" + source);
        assertEquals(0, status, output::toString);
        return Seen.conf;
    }

    @Test
    void sparksUiEndsNothingAndKeepsLittle() throws IOException {
        SparkConf conf = prepared();
        assertEquals("false", conf.get("spark.ui.killEnabled"));
        assertEquals("100", conf.get("spark.ui.retainedJobs"));
        assertEquals("500", conf.get("spark.ui.retainedTasks"));
    }

    @Test
    void whatTheUserSaysOfTheUiStays() throws IOException {
        properties.putAll(Map.of("spark.ui.killEnabled", "true", "spark.ui.retainedTasks", "7"));
        SparkConf conf = prepared();
        assertEquals("true", conf.get("spark.ui.killEnabled"));
        assertEquals("7", conf.get("spark.ui.retainedTasks"));
    }
}
