package org.fednano.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MetricsDocTest {

    private static final Path FILE = Path.of("..", "conf", "sql", "README.md");

    @Test
    void pageInTheRepositoryIsTheDescriptionInTheCode() throws IOException {
        if (Boolean.getBoolean("fednano.write-docs")) {
            Files.writeString(FILE, MetricsDoc.text());
        }
        assertEquals(MetricsDoc.text(), Files.readString(FILE));
    }
}
