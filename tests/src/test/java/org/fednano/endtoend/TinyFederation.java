package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Three small clients on disk, and runs over them that can be compared byte by byte.
 *
 * @param data raw data and shards, which all tests of this JVM read and none changes
 * @param folder the runs of one test
 */
record TinyFederation(Path data, Path folder, int rounds) {

    /** Rounds of the undisturbed run that others are compared with. */
    static final int CALM_ROUNDS = 4;

    private static Path shared;

    /** For runs in a folder; the first caller waits until data are drawn and prepared and the undisturbed run is trained. */
    static synchronized TinyFederation in(Path folder, int rounds) throws IOException {
        if (shared == null) {
            Path data = Files.createTempDirectory("fednano-federation-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> CommandLine.delete(data)));
            CommandLine fednano = new CommandLine();
            fednano.run(words(
                            "generate",
                            "generate.out=" + data.resolve("raw"),
                            "generate.clients=3",
                            "generate.train=120",
                            "generate.test=10",
                            "generate.balanced=10"))
                    .expect(0);
            fednano.run(words(
                            "prepare",
                            "prepare.source=" + data.resolve("raw"),
                            "prepare.out=" + data.resolve("shards")))
                    .expect(0);
            fednano.run(new TinyFederation(data, data, CALM_ROUNDS).train("calm"))
                    .expect(0);
            shared = data;
        }
        return new TinyFederation(shared, folder, rounds);
    }

    private static String[] words(String command, String... settings) {
        List<String> words = new ArrayList<>(List.of(command));
        List.of(settings).forEach(setting -> words.addAll(List.of("--set", setting)));
        return words.toArray(String[]::new);
    }

    Path raw() {
        return data.resolve("raw");
    }

    Path shards() {
        return data.resolve("shards");
    }

    /** The undisturbed run: its folder, with {@code run} and {@code metrics}. */
    Path calm() {
        return data.resolve("calm");
    }

    /** The command that trains a run of this name. */
    String[] train(String name, String... settings) {
        List<String> all = new ArrayList<>(List.of(
                "run.shards=" + shards(),
                "run.dir=" + folder.resolve(name + "/run"),
                "run.metrics_dir=" + folder.resolve(name + "/metrics"),
                "run.rounds=" + rounds,
                "run.id=" + name));
        all.addAll(List.of(settings));
        return words("train", all.toArray(String[]::new));
    }

    /** A run's adapters by path. */
    Map<String, byte[]> adapters(String name) throws IOException {
        Map<String, byte[]> adapters = adapters(folder.resolve(name));
        assertEquals(rounds + 1, adapters.size(), "the initial adapter and one of each round of " + name);
        return adapters;
    }

    private static Map<String, byte[]> adapters(Path folder) throws IOException {
        return CommandLine.files(folder.resolve("run"), "adapter.safetensors");
    }

    /** A run has the undisturbed one's bytes. */
    void assertCalm(String name, String after) throws IOException {
        assertSame(adapters(calm()), name, after);
    }

    void assertSame(Map<String, byte[]> expected, String name, String after) throws IOException {
        adapters(name)
                .forEach((path, bytes) ->
                        assertArrayEquals(expected.get(path), bytes, path + " of a run after " + after));
    }
}
