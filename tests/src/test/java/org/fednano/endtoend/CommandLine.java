package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs {@code submit-scripts/fednano} as a user would: another process, through Spark's submit path. */
final class CommandLine {

    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path SCRIPT = ROOT.resolve("submit-scripts/fednano");

    /** How a command ended. */
    record Ended(int status, String output) {
        Ended expect(int expected) {
            assertEquals(expected, status, output);
            return this;
        }

        Ended saying(String... words) {
            for (String word : words) {
                assertTrue(output.contains(word), () -> "Expected '" + word + "' in:\n" + output);
            }
            return this;
        }
    }

    private final Map<String, String> environment = new TreeMap<>();

    private final Path script;
    private final Path workingFolder;

    CommandLine() {
        this(SCRIPT, ROOT);
    }

    /** The same by another name of the script, called from another folder. */
    CommandLine(Path script, Path workingFolder) {
        this.script = script;
        this.workingFolder = workingFolder;
        assertTrue(
                Files.exists(ROOT.resolve("submit-scripts/target/fednano.jar")),
                "These tests start the packaged project: run them with mvn verify, from the root.");
        environment.put("FEDNANO_BUILD", "never");
        environment.put("FEDNANO_MASTER", "local[2]");
        environment.put("FEDNANO_DRIVER_MEMORY", "1g");
    }

    CommandLine with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Process start(Path log, String... arguments) throws IOException {
        return start(log.toFile(), words(arguments));
    }

    /** The same on a terminal of its own, 80 columns wide, that {@code script} (util-linux) makes; what it shows goes to a file. */
    Process startOnTerminal(Path shown, String... arguments) throws IOException {
        String command = words(arguments).stream().map(w -> "'" + w + "'").collect(Collectors.joining(" "));
        environment.putIfAbsent("TERM", "xterm");
        return start(
                new File("/dev/null"), List.of("script", "-qefc", "stty cols 80; exec " + command, shown.toString()));
    }

    /** What it shows, once it has ended so. */
    String onTerminal(Path shown, int status, String... arguments) throws IOException, InterruptedException {
        Process process = startOnTerminal(shown, arguments);
        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        String seen = Files.readString(shown, StandardCharsets.UTF_8);
        assertEquals(status, process.exitValue(), seen);
        return seen;
    }

    private List<String> words(String... arguments) {
        List<String> words = new ArrayList<>(List.of(script.toString()));
        words.addAll(List.of(arguments));
        return words;
    }

    private Process start(File log, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(workingFolder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log);
        builder.environment().keySet().removeAll(List.of("SPARK_HOME", "NO_COLOR"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    Ended run(String... arguments) {
        try {
            Path log = Files.createTempFile("fednano-", ".log");
            try {
                Process process = start(log, arguments);
                if (!process.waitFor(15, TimeUnit.MINUTES)) {
                    kill(process);
                    throw new AssertionError(String.join(" ", arguments) + " did not end in 15 minutes:\n"
                            + Files.readString(log, StandardCharsets.UTF_8));
                }
                return new Ended(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
            } finally {
                Files.delete(log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** SIGKILL for the script and every process under it. */
    static void kill(Process process) throws InterruptedException {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        process.waitFor();
    }

    /** Content of every file below a folder whose name ends in {@code suffix}, by relative path. */
    static Map<String, byte[]> files(Path folder, String suffix) throws IOException {
        Map<String, byte[]> content = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(p -> p.toString().endsWith(suffix) && Files.isRegularFile(p))
                    .toList()) {
                content.put(folder.relativize(path).toString(), Files.readAllBytes(path));
            }
        }
        return content;
    }

    /** How many files with such paths lie below a folder; none where it is not there yet, or where some go at this moment. */
    static int count(Path folder, Predicate<String> path) {
        try (Stream<Path> files = Files.walk(folder)) {
            return (int) files.filter(f -> path.test(f.toString()) && Files.isRegularFile(f))
                    .count();
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    /** Removes a folder with all that lies in it, if it is there. */
    static void delete(Path folder) {
        try (Stream<Path> all = Files.exists(folder) ? Files.walk(folder) : Stream.empty()) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
