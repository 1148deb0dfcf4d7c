package org.fednano.llm.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.fednano.testing.TestCertificates;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Warnings of dates, from certificates that really have them. */
@Tag("slow")
class CertificateDatesTest {

    @TempDir
    private Path folder;

    private static List<String> warnings(Path file) throws IOException {
        return CertificateDates.warnings(file.toString(), Files.readString(file), Instant.now());
    }

    private static String day(int fromNow) {
        return LocalDate.ofInstant(Instant.now().plus(Duration.ofDays(fromNow)), ZoneOffset.UTC)
                .toString();
    }

    @Test
    void everyCertificateOfAFileIsLookedAt() throws IOException {
        TestCertificates ours = new TestCertificates(folder, "ours")
                .sign("fresh")
                .sign("late", -40, 30)
                .sign("early", 5, 300)
                .sign("soon", -10, 30)
                .sign("enough", -10, 45);
        assertEquals(List.of(), warnings(ours.ca()));
        assertEquals(List.of(), warnings(ours.certificate("fresh")));
        assertEquals(List.of(), warnings(ours.certificate("enough")));
        assertSays(ours.certificate("late"), "ours late", "expired on " + day(-10));
        assertSays(ours.certificate("early"), "ours early", "is not valid before " + day(5));
        assertSays(ours.certificate("soon"), "ours soon", "expires on " + day(20) + ", in 19 days");

        // A chain with its key in one file, as some tools write it.
        Path bundle = folder.resolve("bundle.pem");
        Files.writeString(
                bundle,
                "# all in one\n" + Files.readString(ours.key("late")) + Files.readString(ours.certificate("late"))
                        + Files.readString(ours.certificate("fresh")) + Files.readString(ours.certificate("soon")));
        assertEquals(2, warnings(bundle).size());
        assertTrue(warnings(bundle).stream().noneMatch(line -> line.contains("PRIVATE")));
        assertEquals(List.of(), CertificateDates.warnings("none", "hello", Instant.now()));
    }

    private static void assertSays(Path file, String... parts) throws IOException {
        List<String> found = warnings(file);
        assertEquals(1, found.size(), found.toString());
        assertTrue(found.get(0).contains(file.toString()), found.toString());
        for (String part : parts) {
            assertTrue(found.get(0).contains(part), part + " in " + found);
        }
    }
}
