package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person sees while a run trains, on a terminal of its own that {@code script} (util-linux) makes, and in a file. */
@Tag("slow")
class TerminalTest {

    private static final String CLEAR = "\r\033[K";

    @TempDir
    Path folder;

    @Test
    void aLineRenewsItselfAndLeavesNothingBehind() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, 1);
        String[] words = federation.train("seen");
        Path typescript = folder.resolve("typescript");
        String command = CommandLine.ROOT.resolve("submit-scripts/fednano") + " "
                + List.of(words).stream().map(w -> "'" + w + "'").collect(Collectors.joining(" "));
        ProcessBuilder builder = new ProcessBuilder("script", "-qefc", command, typescript.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("script.log").toFile());
        builder.environment().remove("SPARK_HOME");
        builder.environment().remove("NO_COLOR");
        builder.environment().put("TERM", "xterm");
        builder.environment().put("FEDNANO_BUILD", "never");
        builder.environment().put("FEDNANO_MASTER", "local[2]");
        Process process = builder.start();
        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        String seen = Files.readString(typescript, StandardCharsets.UTF_8);
        assertEquals(0, process.exitValue(), seen);
        for (String word : List.of("starting Spark  0:00", "loading ", "FedNano round 1 · 3 clients: ")) {
            assertTrue(seen.contains(word), () -> "Expected '" + word + "' in:\n" + seen);
        }
        // What stays on the screen: of each line what follows the last clearing of it.
        String left = Pattern.compile("\r?\n")
                .splitAsStream(seen)
                .map(line -> line.substring(line.lastIndexOf(CLEAR) < 0 ? 0 : line.lastIndexOf(CLEAR) + CLEAR.length()))
                .collect(Collectors.joining("\n"));
        assertTrue(left.contains("\nround  1/1  3/3 clients"), left);
        assertFalse(left.contains("FedNano round") || left.contains("starting Spark"), left);

        String file = fednano.run(federation.train("unseen")).expect(0).output();
        assertFalse(file.contains("\033") || file.contains("\r"), file);
    }
}
