package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints in processes of their own that are killed while a round runs: the run ends with the bytes of the LLM inside the driver. */
@Tag("slow")
class EndpointLossTest {

    private static final long AWAY_SECONDS = 20;

    @TempDir
    static Path folder;

    private static final CommandLine FEDNANO = new CommandLine();
    private static TinyFederation federation;

    @BeforeAll
    static void data() throws IOException {
        federation = TinyFederation.in(folder, TinyFederation.CALM_ROUNDS);
    }

    @Test
    void anEndpointThatComesBackChangesNothing() throws IOException, InterruptedException {
        int port = Background.freePort();
        Background endpoint = endpoint("first", port);
        Background train = start("restarted", endpoint.address());
        train.await("(?m)^round +1/");
        endpoint.kill();
        TimeUnit.SECONDS.sleep(AWAY_SECONDS);
        try (Background again = endpoint("second", port)) {
            assertEquals(endpoint.address(), again.address());
            ended(train);
        }
        federation.assertCalm("restarted", "an endpoint that was away for " + AWAY_SECONDS + " s");
    }

    @Test
    void oneOfTwoGoneForGoodChangesNothing() throws IOException, InterruptedException {
        int one = Background.freePort();
        int two = Background.freePort();
        try (Background first = endpoint("one", one);
                Background second = endpoint("two", two)) {
            Background train = start("halved", first.address(), second.address());
            train.await("(?m)^round +1/");
            first.kill();
            ended(train);
        }
        federation.assertCalm("halved", "losing one of two endpoints");
    }

    @Test
    void anEndpointThatStaysAwayStopsTheRunWithStatusFive() throws IOException {
        int port = Background.freePort();
        FEDNANO.run(federation.train(
                        "nobody", endpoints("grpc://127.0.0.1:" + port), "llm.tries=2", "llm.backoff=100ms"))
                .expect(5)
                .saying("127.0.0.1:" + port);
    }

    /** With a thread for each operation, as jobs have them. */
    private static Background endpoint(String name, int port) throws IOException, InterruptedException {
        return Background.endpoint(FEDNANO, folder.resolve(name + ".log"), port, "engine.threads=1");
    }

    private static Background start(String name, String... addresses) throws IOException {
        Path log = folder.resolve(name + ".log");
        return new Background(FEDNANO.start(log, federation.train(name, endpoints(addresses))), log, "");
    }

    private static void ended(Background train) throws IOException, InterruptedException {
        if (!train.process().waitFor(10, TimeUnit.MINUTES)) {
            train.close();
        }
        assertEquals(0, train.process().exitValue(), train.output());
    }

    private static String endpoints(String... addresses) {
        return "llm.endpoints=[\"" + String.join("\",\"", addresses) + "\"]";
    }
}
