package org.fednano.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** SECURITY.md names settings and their values: both must be the code's. */
class SecurityPageTest {

    private static final Path PAGE = Path.of("../SECURITY.md");

    /** Names in it that look like settings and are Spark's, or files. */
    private static final Pattern OTHERS = Pattern.compile("spark\\..*|.*\\.(pt|md|jar|json)");

    private static List<MatchResult> find(String pattern) throws IOException {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(Files.readString(PAGE))
                .results()
                .toList();
    }

    @Test
    void everySettingInItExists() throws IOException {
        Set<String> known = Settings.defaults().resolved().keySet();
        List<String> named = find("`([a-z_]+(?:\\.[a-z_A-Z]+)+)[`=]").stream()
                .map(match -> match.group(1))
                .filter(name -> !OTHERS.matcher(name).matches())
                .toList();
        assertTrue(named.size() > 30, named.toString());
        for (String name : named) {
            assertTrue(known.contains(name), name);
        }
    }

    @Test
    void everyBoundIsTheDefault() throws IOException {
        List<MatchResult> rows = find("^\\|[^|]*\\|[^|]*\\| ([^|]+) \\| `([a-z_.]+)` \\|$");
        assertTrue(rows.size() > 12, "rows of the table of bounds");
        for (MatchResult row : rows) {
            assertDefault(row.group(2), row.group(1).replace(" ", ""));
        }
        List<MatchResult> ports = find("`([a-z_.]+)` = ([0-9]+(?:\\.[0-9]+)*)");
        assertEquals(4, ports.size());
        for (MatchResult port : ports) {
            assertDefault(port.group(1), port.group(2));
        }
    }

    private static void assertDefault(String key, String said) {
        Settings loaded = Settings.load(List.of(), List.of(key + "=" + said));
        assertEquals(
                Settings.defaults().resolved().get(key).value(),
                loaded.resolved().get(key).value(),
                key);
    }
}
