package org.fednano.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.PlainBackend;
import org.fednano.settings.Settings;

/**
 * A round as a Spark stage against the same local steps in a plain loop: same process, same LLM, same threads, in turns.
 * Both must give the same bytes. Arguments: {@code key=value} settings; {@code run.shards} is needed.
 */
public final class RoundVsLoop {

    private static final int WARM_UP = 1;
    private static final int PAIRS = 7;

    private RoundVsLoop() {}

    public static void main(String[] args) {
        try (Bench bench = new Bench(Settings.load(List.of(), List.of(args)), "local[2]")) {
            Map<String, ClientData> rows = bench.rowsInMemory();
            ClientBackend loop = new PlainBackend(rows::get, client -> bench.llm);
            GlobalAdapter start = GlobalAdapter.initial(bench.plan);
            List<Double> ratios = new ArrayList<>();
            System.out.printf("%6s %12s %12s %8s%n", "pair", "spark s", "loop s", "ratio");
            for (int pair = 1 - WARM_UP; pair <= PAIRS; pair++) {
                Timed spark = time(bench, bench.cluster.clients(), start);
                Timed plain = time(bench, loop, start);
                if (!Arrays.equals(spark.adapter.theta(), plain.adapter.theta())) {
                    throw new IllegalStateException("Spark and the plain loop disagree after pair " + pair);
                }
                double ratio = spark.seconds / plain.seconds;
                System.out.printf(
                        Locale.ROOT,
                        "%6s %12.3f %12.3f %8.3f%n",
                        pair < 1 ? "warm" : pair,
                        spark.seconds,
                        plain.seconds,
                        ratio);
                if (pair >= 1) {
                    ratios.add(ratio);
                }
                start = spark.adapter;
            }
            System.out.printf(
                    Locale.ROOT,
                    "ratio spark/loop: median %.3f, min %.3f, max %.3f over %d pairs; adapters equal byte for byte%n",
                    Bench.median(ratios),
                    ratios.stream().min(Double::compare).orElseThrow(),
                    ratios.stream().max(Double::compare).orElseThrow(),
                    PAIRS);
        }
    }

    private record Timed(GlobalAdapter adapter, double seconds) {}

    private static Timed time(Bench bench, ClientBackend clients, GlobalAdapter start) {
        long begin = System.nanoTime();
        GlobalAdapter after = FedNano.train(bench.plan.withRounds(start.round() + 1), start, clients, result -> {});
        return new Timed(after, (System.nanoTime() - begin) / 1e9);
    }
}
