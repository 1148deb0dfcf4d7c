package org.fednano.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientOutcome;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.OutcomeSink;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.settings.Settings;

/**
 * A round of many clients merged from what the driver has parked on its disk: bytes per second, beside the speed at which the
 * machine copies files of the same disk through one buffer; then a round of very many small ones. Arguments: {@code clients=1000
 * small=10000 pairs=3}. The heap is that of FEDNANO_DRIVER_MEMORY.
 */
public final class MergeAtScale {

    private static final int HIDDEN = 4096;
    private static final int RANK = 64;
    private static final long COPIED = 2L << 30;

    private MergeAtScale() {}

    public static void main(String[] args) throws IOException {
        Map<String, Integer> options = Bench.numbers(args, Map.of("clients", 1000, "small", 10_000, "pairs", 3));
        List<Double> ratios = new ArrayList<>();
        for (int pair = 0; pair < options.get("pairs"); pair++) {
            double copied = copySpeed();
            double merged = merged(options.get("clients"), HIDDEN, RANK, true);
            double after = copySpeed();
            ratios.add(merged / ((copied + after) / 2));
            System.out.printf(
                    Locale.ROOT,
                    "copied at %.2f and %.2f GB/s, merged at %.2f GB/s: %.2f of it%n",
                    copied / 1e9,
                    after / 1e9,
                    merged / 1e9,
                    ratios.get(pair));
        }
        System.out.printf(Locale.ROOT, "merge / copy: median %.2f%n", Bench.median(ratios));
        merged(options.get("small"), 4, 1, false);
    }

    /** Bytes of θ_k and F_k that are read, per second of the merge; also tells time and heap per client. */
    private static double merged(int clients, int hidden, int rank, boolean large) {
        AdapterLayout layout = AdapterLayout.of("both", hidden, rank, 16);
        List<String> ids = IntStream.range(0, clients)
                .mapToObj(k -> String.format("c%06d", k))
                .toList();
        Settings settings = Settings.load(List.of(), List.of("run.strategy=fednano", "run.rounds=1"));
        TrainingPlan plan = TrainingPlan.of(settings, layout, ids);
        Arrivals arrivals = new Arrivals(layout.size());
        double[] seconds = {0};
        long before = usedHeap();
        FedNano.train(
                plan,
                GlobalAdapter.initial(plan),
                arrivals,
                result -> seconds[0] = (System.nanoTime() - arrivals.ended) / 1e9);
        double perClient = (usedHeap() - before) / (double) clients;
        System.out.printf(
                Locale.ROOT,
                "%,d clients of %,d parameters: merge %.2f s, %.2f ms a client; heap at most %.0f MB%s%n",
                clients,
                layout.size(),
                seconds[0],
                1e3 * seconds[0] / clients,
                Runtime.getRuntime().maxMemory() / 1e6,
                large ? "" : String.format(Locale.ROOT, ", %.0f bytes a client kept", Math.max(0, perClient)));
        return 8.0 * layout.size() * clients / seconds[0];
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Updates that differ from client to client, one after another. */
    private static final class Arrivals implements ClientBackend {
        private final int size;
        private long ended;

        Arrivals(int size) {
            this.size = size;
        }

        @Override
        public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
            for (int k = 0; k < cohort.size(); k++) {
                outcomes.awaitRoom();
                float[] theta = new float[size];
                float[] fisher = new float[size];
                for (int i = 0; i < size; i++) {
                    int mixed = (i + 31 * k) * 0x9E3779B9;
                    theta[i] = (mixed >> 16) * 1e-6f;
                    fisher[i] = (mixed >>> 20) * 1e-6f;
                }
                outcomes.accept(new ClientOutcome.Done(new ClientUpdate(
                        cohort.get(k), theta, Map.of("fisher", fisher), 10 + k % 7, ClientUpdate.Metrics.NONE)));
            }
            ended = System.nanoTime();
        }
    }

    /** Bytes per second of a file copied through one buffer, read once and written once. */
    private static double copySpeed() throws IOException {
        Path from = Files.createTempFile("fednano-copy-", ".bin");
        Path to = Files.createTempFile("fednano-copy-", ".bin");
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileChannel out = FileChannel.open(to, StandardOpenOption.WRITE)) {
            while (in.size() < COPIED) {
                in.write(buffer.clear());
            }
            in.position(0);
            long begin = System.nanoTime();
            while (in.read(buffer.clear()) > 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
            }
            return COPIED / ((System.nanoTime() - begin) / 1e9);
        } finally {
            Files.delete(from);
            Files.delete(to);
        }
    }
}
