package org.fednano.gateway;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Clients that call side by side, and calls for them. */
final class ConcurrentCallers implements AutoCloseable {

    /** Clients of the tests' rounds. */
    static final List<String> COHORT = Stream.concat(
                    Stream.of("a", "b", "early", "late", "works", "first", "file:/å ß/c 1%.parquet"),
                    IntStream.range(0, 100).mapToObj(i -> "c" + i))
            .toList();

    private static final long PATIENCE_SECONDS = 30;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    <R> Future<R> start(Callable<R> call) {
        return threads.submit(call);
    }

    /** What a call gave; what it threw is thrown here. */
    static <R> R get(Future<R> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException known) {
                throw known;
            }
            throw new CompletionException(e.getCause());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Each call by a client of its own, all at once; answers in their order. */
    List<Object> all(Gateway gateway, Purpose purpose, int round, List<? extends LlmCall<?>> calls) {
        List<FrozenLlm> sessions = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            sessions.add(gateway.address().open(gateway.pass(purpose, round, "c" + i)));
        }
        List<Future<Object>> futures = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            LlmCall<?> call = calls.get(i);
            FrozenLlm session = sessions.get(i);
            futures.add(start(() -> {
                try (session) {
                    return call.on(session);
                }
            }));
        }
        List<Object> answers = new ArrayList<>();
        for (Future<Object> future : futures) {
            answers.add(get(CompletableFuture.supplyAsync(() -> {
                try {
                    return get(future);
                } catch (RuntimeException e) {
                    return e;
                }
            })));
        }
        return answers;
    }

    static PromptBatch prompts(Random random, int size, int longest, int hidden) {
        int[] lengths = new int[size];
        for (int b = 0; b < size; b++) {
            lengths[b] = 1 + random.nextInt(longest);
        }
        int tokens = Arrays.stream(lengths).max().orElseThrow();
        float[] embeds = new float[size * tokens * hidden];
        for (int b = 0; b < size; b++) {
            for (int i = 0; i < lengths[b] * hidden; i++) {
                embeds[b * tokens * hidden + i] = (float) (0.3 * random.nextGaussian());
            }
        }
        return new PromptBatch(embeds, lengths, tokens, hidden);
    }

    /** So many prompts of so many tokens each. */
    static PromptBatch prompts(int size, int tokens, int hidden) {
        int[] lengths = new int[size];
        Arrays.fill(lengths, tokens);
        return new PromptBatch(new float[size * tokens * hidden], lengths, tokens, hidden);
    }

    static int[] ids(Random random, int longest, int vocabulary) {
        return random.ints(1 + random.nextInt(longest), 5, vocabulary).toArray();
    }

    static TokenBatch answers(Random random, int size, int longest, int vocabulary) {
        List<int[]> all = new ArrayList<>();
        for (int b = 0; b < size; b++) {
            all.add(ids(random, longest, vocabulary));
        }
        return TokenBatch.of(all);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
