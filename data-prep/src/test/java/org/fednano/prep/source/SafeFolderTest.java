package org.fednano.prep.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.prep.Raw;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeFolderTest {

    @TempDir
    private Path raw;

    /** Looks up a file in the folder that is the argument. */
    public static final class Lookup {
        public static void main(String[] args) throws Exception {
            System.out.println(new SafeFolder(args[0], Raw.HADOOP).find("图.png").length());
        }
    }

    @Test
    void aMachineWithoutUtf8DoesNotCallFilesMissing() throws IOException, InterruptedException {
        Files.write(raw.resolve("图.png"), new byte[3]);
        assertEquals("3", lookup("C.UTF-8").strip());
        String refused = lookup("C");
        assertTrue(refused.contains("LC_ALL=C.UTF-8"), refused);
    }

    private String lookup(String locale) throws IOException, InterruptedException {
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Lookup.class.getName(),
                raw.toString());
        java.environment().put("LC_ALL", locale);
        Process process = java.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said.lines().filter(line -> !line.contains("WARN")).reduce("", (a, b) -> a + b + "\n");
    }
}
