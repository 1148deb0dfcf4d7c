package org.fednano.shards;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.fednano.process.ProcessMark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaleFileCleanerTest {

    @TempDir
    Path folder;

    @Test
    void ofDeadProcessesAtOnceOfOthersWhenOldOfLivingOnesNever() throws IOException {
        ProcessMark here = ProcessMark.here();
        String dead = ".making-c001-" + new ProcessMark(here.host(), 99_999_999, here.startedMillis()).text() + "1";
        String elsewhere = ".making-c001-" + new ProcessMark("elsewhere", 1, 1).text();
        Files.createDirectories(folder.resolve(dead + "/split=train"));
        Files.createDirectory(folder.resolve(".making-c001-" + here.text() + "1"));
        Files.createDirectory(folder.resolve(elsewhere + "young"));
        Path old = Files.createDirectory(folder.resolve(elsewhere + "old"));
        Files.setLastModifiedTime(old, FileTime.fromMillis(1));
        Files.createDirectory(folder.resolve(dead.replace("c001", "c0010")));
        FileSystem local = FileSystem.getLocal(new Configuration());
        new StaleFileCleaner(local, new org.apache.hadoop.fs.Path(folder.toString())).remove(".making-c001-");
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    Set.of(".making-c001-" + here.text() + "1", elsewhere + "young", dead.replace("c001", "c0010")),
                    left.map(f -> f.getFileName().toString()).collect(Collectors.toSet()));
        }
    }
}
