package org.fednano.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingStoreTest {

    private static final int HIDDEN = 3;

    @TempDir
    Path folder;

    private final List<Integer> fetched = new ArrayList<>();

    private EmbeddingStore open() {
        return open(HIDDEN);
    }

    private EmbeddingStore open(int hidden) {
        fetched.clear();
        return new EmbeddingStore(
                local(), new org.apache.hadoop.fs.Path(folder.resolve("rows").toUri()), hidden, ids -> {
                    IntStream.of(ids).forEach(fetched::add);
                    return rows(ids, hidden);
                });
    }

    private static FileSystem local() {
        try {
            return FileSystem.getLocal(new Configuration());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] rows(int[] ids, int hidden) {
        float[] rows = new float[ids.length * hidden];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = ids[i / hidden] + (i % hidden) / 10f;
        }
        return rows;
    }

    private void assertRows(EmbeddingStore store, int... ids) {
        assertArrayEquals(rows(ids, HIDDEN), store.embed(ids));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("rows"))) {
            return all.filter(p -> !p.getFileName().toString().endsWith(".crc")).toList();
        }
    }

    @Test
    void aRowIsFetchedOnceForEver() throws IOException {
        try (EmbeddingStore store = open()) {
            assertRows(store, 4, 7, 9);
            assertRows(store, 7, 9, 11);
            assertEquals(List.of(4, 7, 9, 11), fetched);
        }
        try (EmbeddingStore store = open()) {
            assertRows(store, 11, 4, 9);
            assertEquals(List.of(), fetched);
            assertRows(store, 4, 5, 11, 12);
            assertEquals(List.of(5, 12), fetched);
        }
        try (EmbeddingStore store = open()) {
            assertRows(store, 4, 5, 7, 9, 11, 12);
            assertEquals(List.of(), fetched);
        }
        assertEquals(2, files().size());
    }

    @Test
    void manyRowsAreWrittenWhileItIsOpen() throws IOException {
        int wide = 4096; // 16 KiB a row: 8 MiB are 512 rows
        int[] ids = IntStream.range(0, 1100).toArray();
        try (EmbeddingStore store = open(wide)) {
            assertArrayEquals(rows(ids, wide), store.embed(ids));
            assertEquals(2, files().size());
            assertArrayEquals(rows(ids, wide), store.embed(ids));
            assertEquals(1100, fetched.size());
        }
        assertEquals(3, files().size());
    }

    @Test
    void damagedFilesAreMadeAgain() throws IOException {
        Random random = new Random(5);
        for (int trial = 0; trial < 60; trial++) {
            try (EmbeddingStore store = open()) {
                assertRows(store, 1, 2, 3);
            }
            Path file = files().get(0);
            byte[] bytes = Files.readAllBytes(file);
            Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
            if (trial % 3 == 0) {
                bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
            } else {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, bytes);
            try (EmbeddingStore store = open()) {
                assertFalse(Files.exists(file));
                assertRows(store, 1, 2, 3);
                assertEquals(List.of(1, 2, 3), fetched);
            }
        }
    }

    @Test
    void rowsOfAnotherWidthAreNotUsed() {
        try (EmbeddingStore store = open()) {
            assertRows(store, 1);
        }
        try (EmbeddingStore store = open(5)) {
            assertArrayEquals(rows(new int[] {1}, 5), store.embed(new int[] {1}));
            assertEquals(List.of(1), fetched);
        }
    }

    @Test
    void aFolderThatCannotBeWrittenCostsCallsOnly() throws IOException {
        Files.writeString(folder.resolve("file"), "not a folder");
        var blocked = new org.apache.hadoop.fs.Path(folder.resolve("file/rows").toUri());
        try (EmbeddingStore store = new EmbeddingStore(local(), blocked, HIDDEN, ids -> rows(ids, HIDDEN))) {
            assertRows(store, 1, 2);
        }
    }

    @Test
    void anEndpointOfAnotherWidthIsRefused() {
        var path = new org.apache.hadoop.fs.Path(folder.resolve("rows").toUri());
        try (EmbeddingStore store = new EmbeddingStore(local(), path, HIDDEN, ids -> new float[1])) {
            assertThrows(JobException.class, () -> store.embed(new int[] {1, 2}));
        }
    }
}
