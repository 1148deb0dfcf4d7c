package org.fednano.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fednano.sample.FeatureBatch;
import org.junit.jupiter.api.Test;

/** Native memory and threads of the fast version. */
class NdAdaptersResourcesTest {

    private static final int H = 64;
    private static final AdapterLayout LAYOUT = AdapterLayout.of("both", H, 8, 16);

    @Test
    void nativeMemoryStaysFlat() throws Exception {
        Random random = new Random(1);
        NdAdapters adapters = new NdAdapters(LAYOUT);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(4, 200, H, random), H);
        float[] theta = Batches.vector(LAYOUT.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        Runnable calls = () -> {
            for (int i = 0; i < 300; i++) {
                adapters.forward(theta, batch);
                adapters.backward(theta, batch, dy, 1, g -> {});
            }
        };
        calls.run();
        System.gc();
        int arrays = arraysOfTheEngine();
        long before = residentKilobytes();
        for (int i = 0; i < 4; i++) {
            calls.run();
        }
        System.gc();
        assertEquals(arrays, arraysOfTheEngine());
        // 1,200 calls with some 200 kB of tensors each: a leak would show as more than 200 MB.
        assertTrue(residentKilobytes() - before < 100_000, "resident memory grew by more than 100 MB");
    }

    @Test
    void concurrentTasksGetTheSameBytes() throws Exception {
        Random random = new Random(2);
        NdAdapters adapters = new NdAdapters(LAYOUT);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(4, 40, H, random), H);
        float[] theta = Batches.vector(LAYOUT.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        float[] y = adapters.forward(theta, batch).embeds();
        List<float[]> gradients = Batches.gradients(adapters, theta, batch, dy, 1);
        var pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> tasks = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                tasks.add(pool.submit(() -> {
                    assertArrayEquals(y, adapters.forward(theta, batch).embeds());
                    List<float[]> again = Batches.gradients(adapters, theta, batch, dy, 1);
                    for (int b = 0; b < gradients.size(); b++) {
                        assertArrayEquals(gradients.get(b), again.get(b));
                    }
                }));
            }
            for (Future<?> task : tasks) {
                task.get();
            }
        } finally {
            pool.shutdown();
        }
    }

    private static int arraysOfTheEngine() {
        try (NDManager manager = NDManager.newBaseManager()) {
            return manager.getParentManager().getManagedArrays().size();
        }
    }

    private static long residentKilobytes() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
