package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person sees while a command works, on a terminal and in a file. */
@Tag("slow")
class TerminalTest {

    private static final String CLEAR = "\r\033[K";

    @TempDir
    Path folder;

    @Test
    void aLineRenewsItselfAndLeavesNothingBehind() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, 2);
        String seen = fednano.onTerminal(folder.resolve("train"), 0, federation.train("seen"));
        says(
                seen,
                "fednano train: starting",
                CLEAR + "starting Spark  0:00",
                "loading ",
                "round 1 of 2: ",
                "round 2 of 2: ",
                " left  0:0",
                "evaluation of round 0"); // the longest: the others may end before the next look
        String left = left(seen);
        assertTrue(left.contains("\nround  2/2  3/3 clients"), left);
        assertFalse(left.contains("round 1 of 2") || left.contains("starting"), left);

        seen = fednano.onTerminal(
                folder.resolve("evaluate"), 0, "evaluate", "--set", "run.dir=" + folder.resolve("seen/run"));
        says(seen, "fednano evaluate: starting", "starting Spark", "evaluation of round 2: ");
        assertFalse(left(seen).contains("evaluation of"), seen);

        String file = fednano.run(federation.train("unseen")).expect(0).output();
        assertFalse(file.contains("\033") || file.contains("\r"), file);
    }

    /** Of the words that ask for it each alone is enough. */
    @Test
    void noControlCharactersWhereNoneAreWanted() throws IOException, InterruptedException {
        String seen = new CommandLine().onTerminal(folder.resolve("all"), 0, generate("all"));
        says(seen, "fednano generate: starting", CLEAR, "drawing pictures: ");
        for (CommandLine fednano :
                List.of(new CommandLine().with("TERM", "dumb"), new CommandLine().with("NO_COLOR", "1"))) {
            seen = fednano.onTerminal(folder.resolve("plain"), 0, generate("plain"));
            assertFalse(seen.contains("\033") || seen.contains("starting"), seen);
            CommandLine.delete(folder.resolve("plain-raw"));
        }
        String[] words = generate("quiet");
        String[] quiet = new String[words.length + 1];
        quiet[0] = "--quiet";
        System.arraycopy(words, 0, quiet, 1, words.length);
        seen = new CommandLine().onTerminal(folder.resolve("quiet"), 0, quiet);
        assertFalse(seen.contains("\033") || seen.contains("starting"), seen);
        says(seen, "samples");
        seen = new CommandLine().onTerminal(folder.resolve("wrong"), 2, "generate", "--set", "generate.clientz=3");
        says(left(seen), "Unknown setting");
    }

    private String[] generate(String name) {
        return new String[] {
            "generate", "--set", "generate.out=" + folder.resolve(name + "-raw"), "--set", "generate.train=400"
        };
    }

    private static void says(String seen, String... words) {
        for (String word : words) {
            assertTrue(seen.contains(word), () -> "Expected '" + word + "' in:\n" + seen);
        }
    }

    /** What stays on the screen: of each line what follows the last clearing of it. */
    private static String left(String seen) {
        return Pattern.compile("\r?\n")
                .splitAsStream(seen)
                .map(line -> line.substring(line.lastIndexOf(CLEAR) < 0 ? 0 : line.lastIndexOf(CLEAR) + CLEAR.length()))
                .collect(Collectors.joining("\n"));
    }
}
