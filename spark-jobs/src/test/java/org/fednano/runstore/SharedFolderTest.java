package org.fednano.runstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
        RunFiles files = layer.files(FileHook.NONE);
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
            List<Future<Void>> all = java.util.stream.IntStream.range(0, threads)
                    .<Future<Void>>mapToObj(t -> workers.submit(() -> {
                        RunFiles files = layer.files(FileHook.NONE);
                        for (int i = 0; i < 100; i++) {
                            together.await();
                            files.write(RunFiles.temporary(new org.apache.hadoop.fs.Path(folder, "x")), new byte[1]);
                            files.write(new org.apache.hadoop.fs.Path(tree, t + "/" + i), new byte[1]);
                            together.await();
                            files.cleanTemporaries(folder, -1000);
                            files.delete(tree);
                        }
                        return null;
                    }))
                    .toList();
            for (Future<Void> one : all) {
                one.get();
            }
            assertEquals(List.of(), layer.files(FileHook.NONE).list(tree));
        } finally {
            workers.shutdownNow();
        }
    }
}
