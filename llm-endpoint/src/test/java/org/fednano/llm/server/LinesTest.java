package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever may call a port must not write its log. */
class LinesTest {

    private static final int CALLS = 100;

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private Level before;
    private final AbstractAppender appender = new AbstractAppender("lines", null, null, true, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            add(event.getLoggerName() + " " + event.getMessage().getFormattedMessage());
        }
    };
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            add(line.getLoggerName() + " " + line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    /** What the engine says when it starts is not the port's. */
    private void add(String line) {
        if (!line.startsWith("ai.djl.")) {
            lines.add(line);
        }
    }

    @BeforeEach
    void listen() {
        appender.start();
        LoggerContext.getContext(false).getRootLogger().addAppender(appender);
        before = LoggerContext.getContext(false).getRootLogger().getLevel();
        Configurator.setRootLevel(Level.INFO);
        Logger.getLogger("").addHandler(handler);
    }

    @AfterEach
    void deafen() {
        Configurator.setRootLevel(before);
        LoggerContext.getContext(false).getRootLogger().removeAppender(appender);
        Logger.getLogger("").removeHandler(handler);
    }

    @Test
    void refusedCallsAndBrokenConnectionsWriteFewLines() throws IOException {
        long begin = System.nanoTime();
        AtomicInteger failed = new AtomicInteger();
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN);
                LlmServer server = LlmServer.start(
                        LlmServer.Options.on(
                                        "127.0.0.1",
                                        0,
                                        Caller.MODEL,
                                        WireType.FP32,
                                        new LlmInfo.Limits(500, 1 << 20),
                                        new LlmServer.Load(64, 1 << 22, 2).withConnections(500, Duration.ofMillis(300)))
                                .withTokens(BearerTokens.of(Malformed.TOKEN))
                                .withListener(new FailureLog().and(call -> failed.incrementAndGet())),
                        failing(llm));
                Caller caller = new Caller(server.port())) {
            byte[] info = Requests.info(Caller.MODEL, null).toByteArray();
            for (int i = 0; i < CALLS; i++) {
                refused(Reason.AUTH, caller, "ModelInfer", info, "wrong");
                refused(Reason.AUTH, caller, "ModelReady", info, "wrong");
                refused(Reason.BAD_REQUEST, caller, "ModelInfer", new byte[] {15, 1}, Malformed.TOKEN);
                refused(Reason.INTERNAL, caller, "ModelInfer", info, Malformed.TOKEN);
                refused(Reason.UNKNOWN_OP, caller, "Train", info, Malformed.TOKEN);
            }
            Eventually.await(() -> failed.get() == 3 * CALLS);
            for (int i = 0; i < 50; i++) {
                try (Socket wild = new Socket("localhost", server.port())) {
                    wild.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, 7, 7});
                }
                try (RawHttp2 broken = new RawHttp2(server.port())) {
                    broken.begin(broken.call("ModelInfer", Malformed.TOKEN), 1000);
                    broken.frame(i % 10, 0, 7, new byte[3]);
                }
                try (RawHttp2 gone = new RawHttp2(server.port())) {
                    gone.begin(gone.call("ModelInfer", Malformed.TOKEN), 1000);
                    gone.send(1, 10);
                }
            }
            try (RawHttp2 flood = new RawHttp2(server.port());
                    RawHttp2 silent = new RawHttp2(server.port())) {
                for (int i = 0; i < 5000; i++) {
                    flood.frame(4, 0, 0, new byte[0]);
                }
                Eventually.await(() -> flood.ended() && silent.ended());
            }
            Eventually.await(() -> server.state().bytes() == 0);
        }
        // Of three reasons, and of failures a trace each; for each ten seconds, on a slow machine.
        long most = 4 * LineBudget.LINES * (1 + (System.nanoTime() - begin) / 10_000_000_000L);
        assertTrue(lines.size() <= most, () -> lines.size() + " lines: " + lines);
        for (String part : new String[] {"AUTH", "INTERNAL", "A request failed in the server"}) {
            assertTrue(lines.stream().anyMatch(line -> line.contains(part)), lines::toString);
        }
    }

    private static void refused(Reason reason, Caller caller, String method, byte[] message, String token) {
        assertEquals(
                reason,
                Caller.refused(() -> caller.bytes(Malformed.SERVICE + method, message, token))
                        .reason());
    }

    private static Backend failing(FrozenLlm llm) {
        return new Backend() {
            @Override
            public LlmInfo info() {
                return llm.info();
            }

            @Override
            public boolean ready() {
                return true;
            }

            @Override
            public FrozenLlm llm(Metadata headers) {
                throw new IllegalStateException("a bug");
            }
        };
    }
}
