package org.fednano.llm.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.fednano.adapter.AdapterInit;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.CodedAdapters;
import org.fednano.adapter.NanoAdapters;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.LocalTraining;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.Wire;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.method.FisherRule;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;

/**
 * What a client's rounds cost on the wire by embeddings and by features and codes: bytes that TCP carries, and wall time over
 * a link of some speed. The LLM is one layer, so that the time is the link's, or that of an endpoint that runs on this machine.
 * Arguments, each {@code key=value}: {@code hidden rank tokens batch rows rounds mbit port pairs}; {@code mbit=0} is loopback as it is,
 * {@code port=0} is an endpoint of its own; {@code hidden} must be the LLM's.
 */
public final class WireCost {

    private static final OptimizerSpec SGD = new OptimizerSpec("sgd", 0.01, 0, 0, 0, 0, 0);

    /**
     * @param up bytes to the endpoint
     * @param down bytes back
     * @param seconds of each round
     * @param features bytes of {@code up} that were features
     */
    record Cost(long up, long down, List<Double> seconds, long features) {
        long all() {
            return up + down;
        }

        double time() {
            return seconds.stream().mapToDouble(s -> s).sum();
        }

        double last() {
            return seconds.get(seconds.size() - 1);
        }
    }

    /** Of a client: B samples a step, and so many rows, of T tokens each, of which three quarters are of a picture. */
    record Shape(int hidden, int rank, int tokens, int batch, int rows, int rounds) {}

    private WireCost() {}

    public static void main(String[] args) throws IOException {
        int[] n = {4096, 64, 640, 8, 8, 1, 100, 0, 1};
        List<String> keys = List.of("hidden", "rank", "tokens", "batch", "rows", "rounds", "mbit", "port", "pairs");
        for (String arg : args) {
            String[] part = arg.split("=", 2);
            n[keys.indexOf(part[0])] = Integer.parseInt(part[1]);
        }
        Shape shape = new Shape(n[0], n[1], n[2], n[3], n[4], n[5]);
        System.out.println(shape + ", " + (n[6] == 0 ? "loopback" : n[6] + " Mbit/s"));
        for (int pair = 0; pair < n[8]; pair++) {
            Cost[] costs = new Cost[2];
            for (Wire wire : List.of(Wire.EMBEDDINGS, Wire.CODES)) {
                Cost cost = n[7] == 0 ? measure(shape, wire, n[6] * 1e6) : measure(shape, wire, n[6] * 1e6, n[7]);
                costs[wire == Wire.CODES ? 1 : 0] = cost;
                System.out.printf(
                        Locale.ROOT,
                        "llm.wire = %d: %,15d bytes up (%,d of features), %,15d down, %8.2f s; rounds %s%n",
                        wire == Wire.CODES ? 2 : 1,
                        cost.up,
                        cost.features,
                        cost.down,
                        cost.time(),
                        cost.seconds.stream()
                                .map(s -> String.format(Locale.ROOT, "%.2f", s))
                                .toList());
            }
            System.out.printf(
                    Locale.ROOT,
                    "1 / 2: bytes %.1f, time %.2f, last round %.2f%n",
                    (double) costs[0].all() / costs[1].all(),
                    costs[0].time() / costs[1].time(),
                    costs[0].last() / costs[1].last());
        }
    }

    /** One client's rounds of one epoch and a Fisher pass each, beside an LLM of one layer. */
    static Cost measure(Shape shape, Wire wire, double bitsPerSecond) throws IOException {
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.wide(shape.hidden, shape.tokens + 8));
                LlmServer server = serve(llm)) {
            return measure(shape, wire, bitsPerSecond, server.port());
        }
    }

    /** The same beside whatever listens at a port of this machine. */
    private static Cost measure(Shape shape, Wire wire, double bitsPerSecond, int port) throws IOException {
        AdapterLayout layout = AdapterLayout.of("both", shape.hidden, shape.rank, 2.0 * shape.rank);
        ClientData data = data(shape);
        try (SlowLink link = new SlowLink(port, bitsPerSecond);
                OipLlm client = OipLlm.connect(
                        OipOptions.to("grpc://127.0.0.1:" + link.port()).withWire(wire))) {
            long[] before = link.bytes();
            List<Double> seconds = new ArrayList<>();
            for (int round = 1; round <= shape.rounds; round++) {
                long start = System.nanoTime();
                FedNano.clientUpdate(
                        "a",
                        new Round(
                                round,
                                layout,
                                AdapterInit.theta(layout, 5),
                                round,
                                new LocalTraining(1, shape.batch, SGD, 1024, 1),
                                new FisherRule.AfterTraining(0)),
                        data,
                        client);
                seconds.add((System.nanoTime() - start) / 1e9);
            }
            long[] after = link.bytes();
            return new Cost(
                    after[0] - before[0],
                    after[1] - before[1],
                    seconds,
                    client.counters().featureBytes());
        }
    }

    /** Bytes of one step of training, once features are there. */
    record Step(long embeddings, long codes) {}

    static Step step(Shape shape) throws IOException {
        AdapterLayout layout = AdapterLayout.of("both", shape.hidden, shape.rank, 2.0 * shape.rank);
        ClientData data = data(shape);
        FeatureBatch batch = FeatureBatch.of(
                IntStream.range(0, shape.batch).mapToObj(data::row).toList(), shape.hidden);
        float[] theta = AdapterInit.theta(layout, 5);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.wide(shape.hidden, shape.tokens + 8));
                LlmServer server = serve(llm);
                SlowLink link = new SlowLink(server.port(), 0);
                OipLlm client = OipLlm.connect(
                        OipOptions.to("grpc://127.0.0.1:" + link.port()).withWire(Wire.CODES))) {
            CodedAdapters coded = new CodedAdapters(layout);
            client.lossGradient(coded.forward(theta, batch), batch.answers(), 1024, Wanted.SUM);
            long features = all(link);
            client.lossGradient(coded.forward(theta, batch), batch.answers(), 1024, Wanted.SUM);
            long codes = all(link);
            client.lossGradient(NanoAdapters.of(layout).forward(theta, batch), batch.answers(), 1024);
            return new Step(all(link) - codes, codes - features);
        }
    }

    private static long all(SlowLink link) {
        return link.bytes()[0] + link.bytes()[1];
    }

    private static LlmServer serve(EmbeddedLlm llm) {
        return LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1",
                                0,
                                Caller.MODEL,
                                WireType.FP32,
                                new LlmInfo.Limits(1 << 16, 256 << 20),
                                new LlmServer.Load(16, 1L << 30, 2))
                        .withFeatures(new FeatureStore.Limits(256 << 20, 1L << 32, null, Duration.ofHours(1))),
                Backend.of(llm));
    }

    private static ClientData data(Shape shape) {
        Random random = new Random(3);
        List<PromptFeatures> rows = new ArrayList<>();
        for (int i = 0; i < shape.rows; i++) {
            float[] embeds = new float[shape.tokens * shape.hidden];
            for (int j = 0; j < embeds.length; j++) {
                embeds[j] = random.nextFloat() - 0.5f;
            }
            byte[] modality = new byte[shape.tokens];
            IntStream.range(0, shape.tokens).forEach(t -> modality[t] = (byte) (4 * t < 3 * shape.tokens ? 0 : 1));
            rows.add(new PromptFeatures("s" + i, embeds, modality, new int[] {7, 3}, new int[0][], -1, "", ""));
        }
        return new ClientData() {
            @Override
            public int size() {
                return rows.size();
            }

            @Override
            public PromptFeatures row(int i) {
                return rows.get(i);
            }
        };
    }
}
