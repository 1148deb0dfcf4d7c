package org.fednano.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.fednano.adapter.AdapterInit;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.merger.Merger;
import org.fednano.method.ServerRule;
import org.fednano.settings.Settings;

/**
 * Seconds of one merge and the heap in use after it, updates and all. Arguments: clients, H, R, then strategies. Clients differ from θ
 * by a direction that they share and by a draw of their own, in both factors.
 */
public final class ProductMerge {

    private ProductMerge() {}

    public static void main(String[] args) {
        int clients = Integer.parseInt(args[0]);
        AdapterLayout layout = AdapterLayout.of(
                "all", Integer.parseInt(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[2]));
        float[] theta = moved(AdapterInit.theta(layout, 1), new Random(2), 1e-2);
        float[] shared = moved(theta, new Random(3), 5e-3);
        System.out.printf(Locale.ROOT, "%16s %10s %14s%n", "strategy", "seconds", "heap in use MB");
        for (String strategy : List.of(args).subList(3, args.length)) {
            Settings settings = Settings.load(List.of(), List.of("run.strategy=" + strategy));
            ServerRule server =
                    TrainingPlan.of(settings, layout, List.of("one")).server();
            for (int repeat = 0; repeat < 2; repeat++) {
                Merger merger = server.start(layout, theta, Map.of());
                long begin = System.nanoTime();
                for (int k = 0; k < clients; k++) {
                    merger.add(moved(shared, new Random(10 + k), 5e-3), Map.of(), 100 + k);
                }
                long folded = System.nanoTime();
                merger.merge();
                double seconds = (System.nanoTime() - folded) / 1e9;
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                System.out.printf(
                        Locale.ROOT,
                        "%16s %10.2f %14.0f   (drawing and folding %.1f s)%n",
                        strategy,
                        seconds,
                        (runtime.totalMemory() - runtime.freeMemory()) / 1e6,
                        (folded - begin) / 1e9);
            }
        }
    }

    private static float[] moved(float[] from, Random random, double by) {
        float[] to = from.clone();
        for (int i = 0; i < to.length; i++) {
            to[i] += (float) (by * (2 * random.nextDouble() - 1));
        }
        return to;
    }
}
