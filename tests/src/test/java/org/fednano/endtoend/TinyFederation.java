package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Three small clients on disk, and runs over them that can be compared byte by byte. */
record TinyFederation(Path folder, int rounds) {

    static TinyFederation draw(CommandLine fednano, Path folder, int train, int rounds) {
        fednano.run(
                        "generate",
                        "--set",
                        "generate.out=" + folder.resolve("raw"),
                        "--set",
                        "generate.clients=3",
                        "--set",
                        "generate.train=" + train,
                        "--set",
                        "generate.test=10",
                        "--set",
                        "generate.balanced=10")
                .expect(0);
        TinyFederation federation = new TinyFederation(folder, rounds);
        fednano.run(
                        "prepare",
                        "--set",
                        "prepare.source=" + folder.resolve("raw"),
                        "--set",
                        "prepare.out=" + federation.shards())
                .expect(0);
        return federation;
    }

    Path shards() {
        return folder.resolve("shards");
    }

    /** The command that trains a run of this name. */
    String[] train(String name, String... settings) {
        List<String> command = new ArrayList<>(List.of("train"));
        List<String> all = new ArrayList<>(List.of(
                "run.shards=" + shards(),
                "run.dir=" + folder.resolve(name + "/run"),
                "run.metrics_dir=" + folder.resolve(name + "/metrics"),
                "run.rounds=" + rounds,
                "run.id=" + name));
        all.addAll(List.of(settings));
        all.forEach(setting -> command.addAll(List.of("--set", setting)));
        return command.toArray(String[]::new);
    }

    /** A run's adapters by path. */
    Map<String, byte[]> adapters(String name) throws IOException {
        Map<String, byte[]> adapters = CommandLine.files(folder.resolve(name + "/run"), "adapter.safetensors");
        assertEquals(rounds + 1, adapters.size(), "the initial adapter and one of each round of " + name);
        return adapters;
    }

    void assertSame(Map<String, byte[]> expected, String name, String after) throws IOException {
        Map<String, byte[]> actual = adapters(name);
        expected.forEach((path, bytes) -> assertArrayEquals(bytes, actual.get(path), path + " after " + after));
    }
}
