package org.fednano.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.fednano.runstore.Runs;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several writers in one folder: what one removes under another's hands is gone, not an error. */
class SharedFolderTest {

    @TempDir
    Path root;

    @ParameterizedTest
    @EnumSource(Runs.Layer.class)
    void aFileThatIsNotThereHasNoAge(Runs.Layer layer) throws IOException {
        RunFiles files = layer.files(FaultInjector.NONE);
        var file = Runs.hadoop(root.resolve("file"));
        assertEquals(OptionalLong.empty(), files.modifiedMillis(file));
        files.write(file, new byte[3]);
        assertTrue(files.modifiedMillis(file).isPresent());
        files.delete(file);
        files.delete(file);
        assertEquals(OptionalLong.empty(), files.modifiedMillis(file));
    }

    @ParameterizedTest
    @EnumSource(Runs.Layer.class)
    void cleaningMeetsFilesThatOthersRemove(Runs.Layer layer) throws Exception {
        var folder = Runs.hadoop(root.resolve("folder"));
        var tree = Runs.hadoop(root.resolve("folder/tree"));
        int threads = 3;
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        var together = new CyclicBarrier(threads);
        try {
            List<Future<Void>> all = IntStream.range(0, threads)
                    .<Future<Void>>mapToObj(t -> workers.submit(() -> {
                        RunFiles files = layer.files(FaultInjector.NONE);
                        for (int i = 0; i < 100; i++) {
                            together.await(1, TimeUnit.MINUTES);
                            var left = RunFiles.temporary(new org.apache.hadoop.fs.Path(folder, "x"));
                            files.write(left, new byte[1]);
                            Files.setLastModifiedTime(
                                    Path.of(left.toUri().getPath()),
                                    FileTime.from(Instant.now().minusSeconds(3600)));
                            files.write(new org.apache.hadoop.fs.Path(tree, t + "/" + i), new byte[1]);
                            together.await(1, TimeUnit.MINUTES);
                            files.cleanTemporaries(folder, 60_000);
                            if (layer == Runs.Layer.LOCAL) {
                                files.delete(tree); // the others leave it to the name node, or to the store
                            }
                        }
                        return null;
                    }))
                    .toList();
            for (Future<Void> one : all) {
                one.get();
            }
            layer.files(FaultInjector.NONE).delete(tree);
            assertEquals(List.of(), layer.files(FaultInjector.NONE).list(tree));
        } finally {
            workers.shutdownNow();
        }
    }
}
