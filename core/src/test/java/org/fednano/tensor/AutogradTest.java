package org.fednano.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AutogradTest {

    @Test
    @Timeout(60)
    void threadsRecordSideBySideEachItsOwn() throws Exception {
        TensorEngine.start(1);
        CyclicBarrier bothRecord = new CyclicBarrier(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Future<float[]>> gradients = new ArrayList<>();
        for (float factor : new float[] {3, 5}) {
            gradients.add(threads.submit(() -> {
                try (NDManager manager = NDManager.newBaseManager("PyTorch");
                        Autograd autograd = new Autograd()) {
                    bothRecord.await(30, TimeUnit.SECONDS);
                    NDArray x = manager.create(new float[] {1, -2});
                    x.setRequiresGradient(true);
                    NDArray y = x.square().mul(manager.create(factor)).sum();
                    bothRecord.await(30, TimeUnit.SECONDS);
                    autograd.backward(y);
                    return x.getGradient().toFloatArray();
                }
            }));
        }
        assertArrayEquals(new float[] {6, -12}, gradients.get(0).get());
        assertArrayEquals(new float[] {10, -20}, gradients.get(1).get());
        threads.shutdown();
    }

    @Test
    void aThreadIsLeftAsItWas() {
        TensorEngine.start(1);
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        Autograd autograd = new Autograd();
        assertEquals(true, JniUtils.isGradMode());
        autograd.close();
        assertEquals(false, JniUtils.isGradMode());
        JniUtils.setGradMode(before);
    }
}
