package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.fednano.process.ProcessMark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialFolderTest {

    @TempDir
    Path home;

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(home)) {
            return all.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatDeadProcessesLeftIsRemovedAndWhatOthersWriteIsNot() throws IOException {
        ProcessMark here = ProcessMark.here();
        String dead = new ProcessMark(here.host(), 99_999_999, here.startedMillis()).text();
        Path half = Files.createDirectories(home.resolve(".out.partial-" + dead + "1/clients"));
        Files.writeString(half.resolve("part-00000.parquet"), "half");
        List<String> kept = List.of(
                ".another.partial-" + dead + "1",
                ".out.partial-1234", // of a version that left no marks
                ".out.partial-" + here.text() + "1",
                ".out.partial-" + new ProcessMark("elsewhere", 1, 1).text() + "1");
        for (String name : kept) {
            Files.createDirectory(home.resolve(name));
        }
        org.apache.hadoop.fs.Path out = new org.apache.hadoop.fs.Path(home.toString(), "out");
        PartialFolder.publish(out, new Configuration(), partial -> {});
        assertEquals(Stream.concat(kept.stream(), Stream.of("out")).sorted().toList(), names());

        org.apache.hadoop.fs.Path second = new org.apache.hadoop.fs.Path(home.toString(), "second");
        assertThrows(
                IOException.class,
                () -> PartialFolder.publish(second, new Configuration(), partial -> {
                    throw new IOException("disk full");
                }));
        assertEquals(kept.size() + 1, names().size(), "a failure leaves nothing");
    }
}
