package org.fednano.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The run files that the project ships hold known keys and allowed values, and each is one run from data to report. */
class RunFilesTest {

    private static final Path RUNS = Path.of("../conf/runs");

    @Test
    void everyRunFileLoadsAndItsStepsMeet() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(RUNS)) {
            files = found.filter(f -> f.toString().endsWith(".conf")).sorted().toList();
        }
        assertTrue(files.size() >= 5, files.toString());
        for (Path file : files) {
            Settings settings = Settings.load(List.of(file), List.of());
            String name = file.toString();
            assertEquals(settings.get(DataKeys.PREPARE_OUT), settings.get(RunKeys.SHARDS), name);
            assertTrue(settings.get(RunKeys.DIR).startsWith("work/"), name);
            if (settings.isGiven(DataKeys.GENERATE_OUT)) {
                assertEquals(settings.get(DataKeys.GENERATE_OUT), settings.get(DataKeys.SOURCE), name);
            }
        }
    }
}
