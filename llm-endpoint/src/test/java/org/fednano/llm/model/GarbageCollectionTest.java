package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.junit.jupiter.api.Test;

/** Gradients while the garbage collector runs all the time and freed memory is used again at once. */
class GarbageCollectionTest {

    @Test
    void collectionsBetweenForwardAndBackwardChangeNothing() throws InterruptedException {
        int[] lengths = {40, 60, 50, 55};
        PromptBatch prompts = TinyDecoder.prompts(TinyDecoder.PLAIN.hidden(), 60, lengths);
        TokenBatch answers =
                TokenBatch.of(List.of(new int[] {8, 3}, new int[] {3}, new int[] {11, 3}, new int[] {20, 3}));
        AtomicBoolean done = new AtomicBoolean();
        Thread collector = new Thread(() -> {
            List<ByteBuffer> reused = new ArrayList<>();
            while (!done.get()) {
                System.gc();
                reused.clear();
                for (int i = 0; i < 4000; i++) {
                    reused.add(ByteBuffer.allocateDirect(4 + i % 3 * 4).putInt(0, 0x7f7f7f7f));
                }
            }
        });
        collector.setDaemon(true);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN)) {
            Result expected = llm.lossGradient(prompts, answers, 1);
            collector.start();
            for (int call = 0; call < 40; call++) {
                assertArrayEquals(
                        expected.gradient(),
                        llm.lossGradient(prompts, answers, 1).gradient());
            }
        } finally {
            done.set(true);
            collector.join();
        }
    }
}
