package org.fednano.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.ClientOutcome;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.OutcomeSink;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * What a client costs beside its gradients, and whether rounds leave anything behind. First all clients in one round as a Spark
 * stage, in turns with their local steps alone, on as many threads, over rows in memory; both must give the same bytes. Then
 * many rounds of {@code cohort} clients: heap in use, threads, open files and resident memory in the second third beside the
 * last. No round is written to a run folder. Arguments: {@code pairs=5 rounds=300 cohort=50} and {@code key=value} settings;
 * {@code run.shards} is needed. Linux only.
 */
public final class ManyClients {

    private static final int THREADS = 2;
    private static final int WARM_UP = 1;

    private ManyClients() {}

    public static void main(String[] args) {
        Map<Boolean, List<String>> kinds =
                Arrays.stream(args).collect(Collectors.partitioningBy(arg -> arg.split("=", 2)[0].contains(".")));
        Map<String, Integer> options =
                Bench.numbers(kinds.get(false).toArray(String[]::new), Map.of("pairs", 5, "rounds", 300, "cohort", 50));
        Settings settings = Settings.load(List.of(), kinds.get(true));
        try (Bench bench = new Bench(settings, "local[" + THREADS + "]")) {
            GlobalAdapter last = overhead(bench, options.get("pairs"));
            flat(bench, settings, last, options.get("rounds"), options.get("cohort"));
        }
    }

    private static GlobalAdapter overhead(Bench bench, int pairs) {
        Map<String, ClientData> rows = bench.rowsInMemory();
        int clients = rows.size();
        System.out.printf(
                Locale.ROOT,
                "%,d clients, %d to %d rows each%n%6s %12s %12s %14s%n",
                clients,
                rows.values().stream().mapToInt(ClientData::size).min().orElseThrow(),
                rows.values().stream().mapToInt(ClientData::size).max().orElseThrow(),
                "pair",
                "round s",
                "loop s",
                "ms a client");
        GlobalAdapter start = GlobalAdapter.initial(bench.plan);
        List<Double> overheads = new ArrayList<>();
        try (Loop loop = new Loop(bench, rows)) {
            for (int pair = 1 - WARM_UP; pair <= pairs; pair++) {
                TrainingPlan plan = bench.plan.withRounds(start.round() + 1);
                long begin = System.nanoTime();
                GlobalAdapter spark = FedNano.train(plan, start, bench.cluster.clients(), result -> {});
                double round = (System.nanoTime() - begin) / 1e9;
                GlobalAdapter plain = FedNano.train(plan, start, loop, result -> {});
                if (!Arrays.equals(spark.theta(), plain.theta())) {
                    throw new IllegalStateException("Spark and the plain loop disagree after pair " + pair);
                }
                double overhead = 1e3 * (round - loop.seconds) / clients;
                System.out.printf(
                        Locale.ROOT,
                        "%6s %12.3f %12.3f %14.3f%n",
                        pair < 1 ? "warm" : pair,
                        round,
                        loop.seconds,
                        overhead);
                if (pair >= 1) {
                    overheads.add(overhead);
                }
                start = spark;
            }
        }
        if (!overheads.isEmpty()) {
            System.out.printf(
                    Locale.ROOT,
                    "beside its gradients a client takes: median %.3f ms, min %.3f, max %.3f over %d pairs; adapters equal"
                            + " byte for byte%n",
                    Bench.median(overheads),
                    overheads.stream().min(Double::compare).orElseThrow(),
                    overheads.stream().max(Double::compare).orElseThrow(),
                    pairs);
        }
        return start;
    }

    /** Nothing but the clients' own work, one after another on each thread, and how long that took the last time. */
    private static final class Loop implements ClientBackend, AutoCloseable {
        private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        private final Bench bench;
        private final Map<String, ClientData> rows;
        private double seconds;

        Loop(Bench bench, Map<String, ClientData> rows) {
            this.bench = bench;
            this.rows = rows;
        }

        @Override
        public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
            List<Callable<ClientOutcome>> work = cohort.stream()
                    .map(client -> (Callable<ClientOutcome>) () ->
                            new ClientOutcome.Done(FedNano.clientUpdate(client, round, rows.get(client), bench.llm)))
                    .toList();
            long begin = System.nanoTime();
            try {
                List<Future<ClientOutcome>> done = threads.invokeAll(work);
                seconds = (System.nanoTime() - begin) / 1e9;
                for (Future<ClientOutcome> outcome : done) {
                    outcomes.accept(outcome.get());
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            threads.shutdown();
        }
    }

    private record Held(double heapMegabytes, double threads, double files, double residentMegabytes) {

        static Held now() {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            return new Held(
                    (runtime.totalMemory() - runtime.freeMemory()) / 1e6,
                    count(Path.of("/proc/self/task")),
                    count(Path.of("/proc/self/fd")),
                    Bench.residentMegabytes());
        }

        private static long count(Path folder) {
            try (Stream<Path> entries = Files.list(folder)) {
                return entries.count();
            } catch (IOException e) {
                throw new IllegalStateException("This benchmark reads /proc, which Linux has", e);
            }
        }
    }

    private static void flat(Bench bench, Settings settings, GlobalAdapter start, int rounds, int cohort) {
        List<String> clients = bench.plan.clients();
        TrainingPlan plan = TrainingPlan.of(settings.with(RunKeys.COHORT, cohort), bench.plan.layout(), clients);
        List<Held> held = new ArrayList<>();
        FedNano.train(plan.withRounds(start.round() + rounds), start, bench.cluster.clients(), result -> {
            held.add(Held.now());
            if (held.size() % 10 == 0) {
                System.out.printf(
                        Locale.ROOT,
                        "round %3d of %d clients: heap in use %.1f MB, %.0f threads, %.0f open files, resident %.1f MB%n",
                        held.size(),
                        result.clients().size(),
                        held.get(held.size() - 1).heapMegabytes,
                        held.get(held.size() - 1).threads,
                        held.get(held.size() - 1).files,
                        held.get(held.size() - 1).residentMegabytes);
            }
        });
        tell("heap in use, MB", held, Held::heapMegabytes);
        tell("threads", held, Held::threads);
        tell("open files", held, Held::files);
        tell("resident, MB", held, Held::residentMegabytes);
    }

    private static void tell(String what, List<Held> held, ToDoubleFunction<Held> value) {
        int third = held.size() / 3;
        List<Double> values = held.stream().mapToDouble(value).boxed().toList();
        double early = Bench.median(values.subList(third, 2 * third));
        double late = Bench.median(values.subList(2 * third, held.size()));
        System.out.printf(
                Locale.ROOT,
                "%s: median of rounds %d-%d %.1f, of rounds %d-%d %.1f, ratio %.3f%n",
                what,
                third + 1,
                2 * third,
                early,
                2 * third + 1,
                held.size(),
                late,
                late / early);
    }
}
