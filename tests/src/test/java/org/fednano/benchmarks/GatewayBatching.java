package org.fednano.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.GatewayFigures;
import org.fednano.gateway.GatewayOptions;
import org.fednano.gateway.Purpose;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.tensor.EngineThreads;
import org.fednano.weights.HfModelFolder;

/**
 * Loss and gradient for clients with batches of two, through the gateway inside one process, batching on against off, in
 * turns: eight clients, then one. Prompts are as long as the demo's (16 image tokens, 10 to 26 of text). Clients do nothing
 * but call, so this is what the LLM gives, not a whole round. Both ways must give the same answers to 1e-5.
 *
 * <p>Arguments: {@code key=value} settings.
 */
public final class GatewayBatching {

    private static final int BATCH = 2;
    private static final int[] CLIENTS = {8, 1};
    private static final int CALLS = 240; // over all clients: blocks of one length, whatever the number of clients
    private static final int WARM_UP = 1;
    private static final int PAIRS = 31;
    private static final int IMAGE_TOKENS = 16;
    private static final double TOLERANCE = 1e-5;

    private GatewayBatching() {}

    private record Call(PromptBatch prompts, TokenBatch answers) {}

    private record Timed(double tokensPerSecond, GatewayFigures figures) {}

    public static void main(String[] args) {
        Settings settings = Settings.load(List.of(), List.of(args));
        EngineThreads.apply(settings, 1);
        try (FrozenLlm llm = EmbeddedLlm.open(HfModelFolder.open(Path.of(settings.get(ModelKeys.DIR))))) {
            for (int clients : CLIENTS) {
                compare(settings, llm, clients);
            }
        }
    }

    private static void compare(Settings settings, FrozenLlm llm, int clients) {
        List<List<Call>> calls = calls(llm, clients);
        List<Result> alone = new ArrayList<>();
        calls.get(0).forEach(c -> alone.add(llm.lossGradient(c.prompts, c.answers, 1)));
        System.out.printf(
                "%d clients, batches of %d%n%6s %12s %12s %8s %8s %16s%n",
                clients, BATCH, "pair", "on tok/s", "off tok/s", "ratio", "fill", "samples/request");
        List<Timed> on = new ArrayList<>();
        List<Timed> off = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int pair = 1 - WARM_UP; pair <= PAIRS; pair++) {
            // In turns, and each first in every other pair.
            boolean onFirst = pair % 2 == 0;
            Timed first = run(settings.with(GatewayKeys.BATCHING, onFirst), llm, calls, alone);
            Timed second = run(settings.with(GatewayKeys.BATCHING, !onFirst), llm, calls, alone);
            Timed joined = onFirst ? first : second;
            Timed single = onFirst ? second : first;
            double ratio = joined.tokensPerSecond / single.tokensPerSecond;
            System.out.printf(
                    Locale.ROOT,
                    "%6s %12.0f %12.0f %8.3f %8.3f %16.1f%n",
                    pair < 1 ? "warm" : pair,
                    joined.tokensPerSecond,
                    single.tokensPerSecond,
                    ratio,
                    joined.figures.fill(),
                    (double) joined.figures.samples() / joined.figures.batches());
            if (pair >= 1) {
                on.add(joined);
                off.add(single);
                ratios.add(ratio);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d clients: median %.0f tokens/s on, %.0f off; ratio median %.3f, min %.3f, max %.3f over %d pairs;"
                        + " fill %.3f on, %.3f off; %.1f samples a request on, %.1f off%n%n",
                clients,
                median(on),
                median(off),
                Bench.median(ratios),
                ratios.stream().min(Double::compare).orElseThrow(),
                ratios.stream().max(Double::compare).orElseThrow(),
                PAIRS,
                Bench.median(on.stream().map(t -> t.figures.fill()).toList()),
                Bench.median(off.stream().map(t -> t.figures.fill()).toList()),
                Bench.median(on.stream().map(GatewayBatching::samplesPerRequest).toList()),
                Bench.median(
                        off.stream().map(GatewayBatching::samplesPerRequest).toList()));
    }

    private static double median(List<Timed> runs) {
        return Bench.median(runs.stream().map(Timed::tokensPerSecond).toList());
    }

    private static double samplesPerRequest(Timed run) {
        return (double) run.figures.samples() / run.figures.batches();
    }

    private static List<List<Call>> calls(FrozenLlm llm, int clients) {
        Random random = new Random(1);
        int hidden = llm.info().hidden();
        int vocabulary = llm.info().vocabulary();
        List<List<Call>> all = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            List<Call> own = new ArrayList<>();
            for (int i = 0; i < CALLS / clients; i++) {
                List<PromptBatch> prompts = new ArrayList<>();
                List<int[]> answers = new ArrayList<>();
                for (int b = 0; b < BATCH; b++) {
                    int length = IMAGE_TOKENS + 10 + random.nextInt(17);
                    int[] ids = random.ints(length, 5, vocabulary).toArray();
                    prompts.add(new PromptBatch(llm.embed(ids), new int[] {length}, length, hidden));
                    answers.add(new int[] {5 + random.nextInt(vocabulary - 5), 3});
                }
                own.add(new Call(PromptBatch.join(prompts), TokenBatch.of(answers)));
            }
            all.add(own);
        }
        return all;
    }

    /** All clients side by side; the first client's answers are held against those it gets alone. */
    private static Timed run(Settings settings, FrozenLlm llm, List<List<Call>> calls, List<Result> alone) {
        ExecutorService threads = Executors.newFixedThreadPool(calls.size());
        try (Gateway gateway = new Gateway(llm, GatewayOptions.of(settings))) {
            gateway.begin(
                    Purpose.TRAIN,
                    1,
                    IntStream.range(0, calls.size()).mapToObj(k -> "c" + k).toList());
            List<Future<List<Result>>> running = new ArrayList<>();
            long begin = System.nanoTime();
            for (int k = 0; k < calls.size(); k++) {
                FrozenLlm session = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "c" + k));
                List<Call> own = calls.get(k);
                running.add(threads.submit(() -> {
                    List<Result> results = new ArrayList<>();
                    try (session) {
                        own.forEach(call -> results.add(session.lossGradient(call.prompts, call.answers, 1)));
                    }
                    return results;
                }));
            }
            List<Result> first = null;
            for (Future<List<Result>> client : running) {
                List<Result> results = client.get();
                first = first == null ? results : first;
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            for (int i = 0; i < alone.size(); i++) {
                requireClose(alone.get(i).gradient(), first.get(i).gradient());
            }
            return new Timed(gateway.figures().tokens() / seconds, gateway.figures());
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static void requireClose(float[] expected, float[] got) {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(expected[i] - got[i]));
        }
        if (!(error <= TOLERANCE * largest)) {
            throw new IllegalStateException("Joined and single gradients disagree by " + error / largest);
        }
    }
}
