package org.fednano.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.cluster.ClientCluster;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/**
 * A round with the LLM in a process of its own ({@code endpoint serve}, over gRPC on this machine) against one with the LLM
 * inside the driver, in turns, each first in every other pair. Both must give the same bytes. Arguments: {@code key=value}
 * settings; {@code run.shards} is needed.
 */
public final class ServedVsEmbedded {

    private static final int WARM_UP = 1;
    private static final int PAIRS = 7;

    private ServedVsEmbedded() {}

    private record Timed(GlobalAdapter adapter, double seconds) {}

    public static void main(String[] args) throws IOException {
        Settings settings = Settings.load(List.of(), List.of(args));
        Process server = serve(settings);
        try (Bench bench = new Bench(settings, "local[2]");
                OipLlm served = OipLlm.connect(OipOptions.to(ready(server)));
                ClientCluster over = bench.cluster(served)) {
            over.prepare();
            GlobalAdapter start = GlobalAdapter.initial(bench.plan);
            List<Double> ratios = new ArrayList<>();
            System.out.printf("%6s %12s %12s %8s%n", "pair", "served s", "embedded s", "ratio");
            for (int pair = 1 - WARM_UP; pair <= PAIRS; pair++) {
                boolean servedFirst = pair % 2 == 0;
                Timed first = time(bench, servedFirst ? over.clients() : bench.cluster.clients(), start);
                Timed second = time(bench, servedFirst ? bench.cluster.clients() : over.clients(), start);
                if (!Arrays.equals(first.adapter.theta(), second.adapter.theta())) {
                    throw new IllegalStateException("Served and embedded LLM disagree after pair " + pair);
                }
                double far = servedFirst ? first.seconds : second.seconds;
                double near = servedFirst ? second.seconds : first.seconds;
                System.out.printf(
                        Locale.ROOT, "%6s %12.3f %12.3f %8.3f%n", pair < 1 ? "warm" : pair, far, near, far / near);
                if (pair >= 1) {
                    ratios.add(far / near);
                }
                start = first.adapter;
            }
            System.out.printf(
                    Locale.ROOT,
                    "ratio served/embedded: median %.3f, min %.3f, max %.3f over %d pairs; adapters equal byte for byte%n",
                    Bench.median(ratios),
                    ratios.stream().min(Double::compare).orElseThrow(),
                    ratios.stream().max(Double::compare).orElseThrow(),
                    PAIRS);
        } finally {
            server.destroy();
        }
    }

    private static Timed time(Bench bench, ClientBackend clients, GlobalAdapter start) {
        long begin = System.nanoTime();
        GlobalAdapter after = FedNano.train(bench.plan.withRounds(start.round() + 1), start, clients, result -> {});
        return new Timed(after, (System.nanoTime() - begin) / 1e9);
    }

    private static Process serve(Settings settings) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xmx1g",
                        "-Dai.djl.offline=true",
                        "-DOPT_OUT_TRACKING=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.fednano.llm.cli.EndpointMain",
                        "endpoint",
                        "serve",
                        "--set",
                        "endpoint.port=0",
                        "--set",
                        "endpoint.metrics_port=-1",
                        "--set",
                        "model.dir=" + settings.get(ModelKeys.DIR))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Waits until it serves, and gives its address. */
    private static String ready(Process server) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("READY ")) {
                return line.substring("READY ".length());
            }
        }
        throw new IllegalStateException("endpoint serve ended before it was ready");
    }
}
