package org.fednano.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.settings.Settings;

/**
 * Two hundred rounds of a tiny run: does anything grow? After each round the heap in use (after a collection) and the
 * resident memory of the process are noted; rounds 151 to 200 are held against rounds 50 to 100. Each round is also
 * evaluated, as in {@code train}. Arguments: {@code key=value} settings; {@code run.shards} is needed. Linux only.
 */
public final class ManyRounds {

    private static final int ROUNDS = 200;

    private ManyRounds() {}

    private record Memory(double heapMegabytes, double residentMegabytes) {}

    public static void main(String[] args) {
        try (Bench bench = new Bench(Settings.load(List.of(), List.of(args)), "local[2]")) {
            List<Memory> memory = new ArrayList<>();
            GlobalAdapter start = GlobalAdapter.initial(bench.plan);
            FedNano.train(bench.plan.withRounds(ROUNDS), start, bench.cluster.clients(), result -> {
                bench.cluster.evaluate(
                        result.number(), bench.plan.layout(), result.global().theta());
                memory.add(measure());
                if (result.number() % 10 == 0) {
                    Memory m = memory.get(memory.size() - 1);
                    System.out.printf(
                            Locale.ROOT,
                            "round %3d: heap in use %7.1f MB, resident %7.1f MB%n",
                            result.number(),
                            m.heapMegabytes,
                            m.residentMegabytes);
                }
            });
            report("heap in use", memory.stream().map(Memory::heapMegabytes).toList());
            report("resident", memory.stream().map(Memory::residentMegabytes).toList());
        }
    }

    private static void report(String what, List<Double> megabytes) {
        double early = Bench.median(megabytes.subList(49, 100));
        double late = Bench.median(megabytes.subList(150, 200));
        System.out.printf(
                Locale.ROOT,
                "%s: median of rounds 50-100 %.1f MB, of rounds 151-200 %.1f MB, ratio %.3f%n",
                what,
                early,
                late,
                late / early);
    }

    private static Memory measure() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return new Memory((runtime.totalMemory() - runtime.freeMemory()) / 1e6, Bench.residentMegabytes());
    }
}
