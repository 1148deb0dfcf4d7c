package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A standalone cluster of separate processes: master, worker, an executor per core, driver with the gateway, and the endpoint
 * with a token; clients come from a catalogue, with secret settings. Every class path begins with Spark's own jars (gson 2.2.4, guava 14.0.1).
 */
@Tag("slow")
class StandaloneClusterTest {

    private static final String SECRET = "a-token-that-must-not-be-seen-7f3a";
    private static final Path SPARK_HOME = CommandLine.ROOT.resolve("submit-scripts/spark-home/target");

    @TempDir
    static Path folder;

    @Test
    void aClusterGivesTheBytesOfOneProcess() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, 2);
        String catalogue = catalogue(federation);
        Path token = Files.writeString(folder.resolve("token"), SECRET + "\n");
        int port = Background.freePort();
        try (Background endpoint = Background.endpoint(
                        fednano,
                        folder.resolve("endpoint.log"),
                        port,
                        "endpoint.token_file=" + token,
                        "engine.threads=1");
                Background master = spark(
                        "master",
                        "org.apache.spark.deploy.master.Master",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        "0",
                        "--webui-port",
                        "0")) {
            String url =
                    master.await("Starting Spark master at (spark://[0-9.:]+)").group(1);
            CommandLine cluster = new CommandLine()
                    .with("FEDNANO_MASTER", url)
                    .with(
                            "FEDNANO_SUBMIT_ARGS",
                            "--executor-cores 1 --total-executor-cores 2 --executor-memory 512m"
                                    + " --conf spark.driver.host=127.0.0.1 --conf spark.eventLog.enabled=true"
                                    + " --conf spark.eventLog.dir=file:" + Files.createDirectory(events()));
            Path shown = folder.resolve("train.log");
            Process train = cluster.startOnTerminal(
                    shown,
                    federation.train(
                            "cluster",
                            "engine.threads=1",
                            "run.clients=" + catalogue,
                            "llm.endpoints=[\"" + endpoint.address() + "\"]",
                            "llm.token_file=" + token));
            try (Background training = new Background(train, shown, "")) {
                training.await(": waiting for an executor"); // there is no worker yet
                try (Background worker = spark(
                        "worker",
                        "org.apache.spark.deploy.worker.Worker",
                        "--host",
                        "127.0.0.1",
                        "--webui-port",
                        "0",
                        "--cores",
                        "2",
                        "--memory",
                        "2g",
                        "--work-dir",
                        folder.resolve("executors").toString(),
                        url)) {
                    worker.await("Successfully registered with master");
                    assertTrue(train.waitFor(5, TimeUnit.MINUTES), training.output());
                    assertEquals(0, train.exitValue(), training.output());
                }
                federation.assertCalm("cluster", "training on a cluster");
            }
            assertTrue(Files.exists(folder.resolve("executors")), "the worker started executors of its own");
            noSecretIn(folder, federation.shards());
            assertFalse(endpoint.output().contains(SECRET), "the endpoint's log");
        }
    }

    /** The same clients as owners that stay apart, with a secret setting each. */
    private static String catalogue(TinyFederation federation) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String client : List.of("c001", "c002", "c003")) {
            text.append("clients.%s { uri = \"%s\", hadoop { \"fs.any.secret.key\" = %s } }%n"
                    .formatted(client, federation.shards().resolve("clients/client_id=" + client), SECRET));
        }
        return Files.writeString(folder.resolve("clients.conf"), text).toString();
    }

    private static Path events() {
        return folder.resolve("events");
    }

    /** Logs of executors, event log (what Spark's UI shows), run folder, metrics, shards: nowhere the endpoint's token or a client's secret. */
    private static void noSecretIn(Path... roots) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path root : roots) {
            try (Stream<Path> all = Files.walk(root)) {
                all.filter(Files::isRegularFile)
                        .filter(p -> !List.of("token", "clients.conf")
                                .contains(p.getFileName().toString()))
                        .filter(p -> !p.toString().endsWith(".jar"))
                        .forEach(files::add);
            }
        }
        assertTrue(files.stream().anyMatch(p -> p.startsWith(events())), "an event log was written");
        for (Path file : files) {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            assertFalse(text.contains(SECRET), () -> "A secret stands in " + file);
        }
    }

    private static Background spark(String name, String... command) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-cp",
                SPARK_HOME.resolve("jars") + "/*"));
        all.addAll(List.of(command));
        Path log = folder.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPARK_HOME", SPARK_HOME.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        return new Background(builder.start(), log, "");
    }
}
