package org.fednano.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.fednano.adapter.AdapterLayout.Modality;
import org.fednano.sample.FeatureBatch;
import org.fednano.tensor.TensorEngine;
import org.junit.jupiter.api.Test;

/** Bits must not depend on which thread of the JVM computes them. */
class NdAdaptersThreadsTest {

    @Test
    void freshThreadsGiveTheBitsOfTheOneThatStartedTheEngine() throws Exception {
        int threads = TensorEngine.start(1); // another test may have started it with more
        Random random = new Random(1);
        AdapterLayout layout =
                new AdapterLayout(List.of(new Modality("image", (byte) 0), new Modality("text", (byte) 1)), 128, 8, 16);
        float[] theta = Batches.vector(layout.size(), 0.1, random);
        NdAdapters adapters = new NdAdapters(layout);
        for (int n = 0; n < 40; n++) {
            FeatureBatch batch = FeatureBatch.of(Batches.samples(1 + n % 8, 35, 128, random), 128);
            FutureTask<float[]> fresh = new FutureTask<>(() -> {
                float[] y = adapters.forward(theta, batch).embeds();
                // On many processors the bits are equal with any number; on others they are not.
                assertEquals(threads, JniUtils.getNumThreads());
                return y;
            });
            new Thread(fresh).start();
            assertArrayEquals(adapters.forward(theta, batch).embeds(), fresh.get());
            assertEquals(threads, JniUtils.getNumThreads());
        }
    }
}
