package org.fednano.llm.cli;

import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.EndpointAddress;
import org.fednano.llm.metrics.ServerMetrics;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.BearerTokens;
import org.fednano.llm.server.FailureLog;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.server.Tls;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.prompt.TokenizerWarnings;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.tensor.EngineThreads;
import org.fednano.weights.HfModelFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano endpoint serve}. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Serves the frozen LLM of model.dir until SIGTERM or Ctrl-C: clients send prompt embeddings and answer",
            "ids, and get losses and gradients with respect to the embeddings. It trains nothing, and keeps prompts' features for a while at most.",
            "Settings: endpoint.*, llm.model_name, model.dir, engine.threads. Figures for Prometheus are at",
            "http://endpoint.metrics_host:endpoint.metrics_port/metrics. Failed requests are logged as one line of JSON each.",
            "Once it serves, it prints READY and the address that other commands take.",
            "On SIGTERM it takes no new requests, finishes those it has (endpoint.drain at most), and leaves with 0.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano endpoint serve",
            "  fednano endpoint serve --set endpoint.host=0.0.0.0 --set endpoint.token_file=tokens.txt \\",
            "      --set endpoint.tls.certificate=server.pem --set endpoint.tls.key=server.key",
            "  fednano endpoint serve --conf my.conf --dry-run",
            "A run uses it with --set llm.endpoints=grpc://HOST:8061 (grpcs:// with TLS).",
            "",
            "Exit status: 0 ended by a signal, 2 wrong settings, port taken, or a bad certificate, key or token file,",
            "3 no sound model in model.dir."
        })
final class ServeCommand implements Callable<Integer> {

    /** Requests that run side by side, each on its share of the cores: one computes while another is read or written. */
    private static final int WORKERS = 2;

    @Mixin
    private SettingsOptions options;

    @Option(names = "--dry-run", description = "Check settings, model and files, say what would be served, and stop.")
    private boolean dryRun;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = options.settings();
        // Cheap checks first: loading a model takes a while.
        LlmServer.Options serve = serveOptions(settings);
        LlmServer.check(serve);
        EngineThreads.apply(settings, Math.max(1, Runtime.getRuntime().availableProcessors() / WORKERS));
        if (dryRun) {
            try (EmbeddedLlm llm = open(settings)) {
                describe(settings, serve, llm.info());
                warnIfOpen(serve);
                out().println("dry run: nothing is served");
            }
        } else {
            serve(settings, serve);
        }
        return ExitStatus.DONE.code();
    }

    private EmbeddedLlm open(Settings settings) {
        HfModelFolder folder = HfModelFolder.open(ModelKeys.folder(settings));
        TokenizerWarnings.of(folder)
                .forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
        return EmbeddedLlm.open(folder);
    }

    private void serve(Settings settings, LlmServer.Options serve) throws InterruptedException {
        String metricsHost = settings.get(EndpointKeys.METRICS_HOST);
        int metricsPort = settings.get(EndpointKeys.METRICS_PORT);
        ServerMetrics metrics = metricsPort < 0 ? null : ServerMetrics.start(metricsHost, metricsPort);
        AtomicReference<EmbeddedLlm> loaded = new AtomicReference<>();
        // Listens before the model is there: a taken port is told at once, and who asks meanwhile hears NOT_READY.
        LlmServer server = LlmServer.start(
                serve.withListener(metrics == null ? new FailureLog() : new FailureLog().and(metrics)),
                Backend.starting(loaded::get));
        if (metrics != null) {
            metrics.watch(server);
        }
        EmbeddedLlm llm;
        try {
            llm = open(settings);
        } catch (RuntimeException | Error e) { // no memory, no native library: left open, it would never end
            server.close();
            if (metrics != null) {
                metrics.close();
            }
            throw e;
        }
        loaded.set(llm);
        describe(settings, serve, llm.info());
        EndpointAddress address = new EndpointAddress(reached(serve.host()), server.port(), serve.tls() != null);
        out().println("address      " + address);
        out().println("metrics      "
                + (metrics == null ? "off" : "http://" + metricsHost + ":" + metrics.port() + "/metrics"));
        warnIfOpen(serve);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> end(server, settings.get(EndpointKeys.DRAIN)), "endpoint-drain"));
        out().println("READY " + address);
        new CountDownLatch(1).await();
    }

    /** What others call a host: who listens on all of its addresses is called by its name. */
    private static String reached(String host) {
        try {
            return InetAddress.getByName(host).isAnyLocalAddress()
                    ? InetAddress.getLocalHost().getHostName()
                    : host;
        } catch (UnknownHostException e) {
            return host;
        }
    }

    /** Runs while the JVM shuts down, whose status would be the signal's; a drained server has done its duty. */
    private void end(LlmServer server, Duration drain) {
        out().println("draining, " + drain.toSeconds() + " s at most");
        boolean all = server.drain(drain);
        out().println(all ? "drained" : "drained: some requests were cut off");
        // Not the LLM's or the server's close: a call still running in native code must not lose its memory.
        Runtime.getRuntime().halt(ExitStatus.DONE.code());
    }

    private void describe(Settings settings, LlmServer.Options serve, LlmInfo info) {
        out().println("model        " + settings.get(ModelKeys.DIR) + " as '" + serve.modelName() + "'");
        out().println("fingerprint  " + info.fingerprint());
        out().println("shapes       H " + info.hidden() + ", vocabulary " + info.vocabulary() + ", layers "
                + info.layers() + ", computes " + info.dtype() + ", wire " + serve.type());
        out().println("limits       "
                + Math.min(serve.limits().tokens(), info.limits().tokens())
                + " tokens and " + serve.limits().messageBytes() + " bytes a request, "
                + serve.load().queue() + " requests and " + serve.load().queueBytes() + " bytes held");
        Tls tls = serve.tls();
        out().println("security     TLS " + (tls == null ? "off" : tls.clientCa() == null ? "on" : "on, mutual")
                + ", bearer token " + (serve.callers() == null ? "not needed" : "needed"));
    }

    private void warnIfOpen(LlmServer.Options serve) {
        boolean loopback;
        try {
            loopback = InetAddress.getByName(serve.host()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            loopback = false;
        }
        if (loopback) {
            return;
        }
        PrintWriter err = spec.commandLine().getErr();
        if (serve.callers() == null && (serve.tls() == null || serve.tls().clientCa() == null)) {
            err.println("warning: anyone who reaches " + serve.host() + " can use this endpoint."
                    + " Set endpoint.token_file or endpoint.tls.client_ca.");
        }
        if (serve.tls() == null) {
            err.println("warning: without TLS prompts, gradients and tokens cross the network in clear."
                    + " Set endpoint.tls.certificate and endpoint.tls.key.");
        }
    }

    private static LlmServer.Options serveOptions(Settings settings) {
        long message = settings.get(EndpointKeys.SERVE_MAX_MESSAGE);
        if (message < 1 || message > LlmServer.Options.MOST_MESSAGE_BYTES) {
            throw JobException.usage("Setting '" + EndpointKeys.SERVE_MAX_MESSAGE.key()
                    + "' must be 1 byte to 1 GiB: found " + message + " bytes.");
        }
        return LlmServer.Options.on(
                        settings.get(EndpointKeys.SERVE_HOST),
                        settings.get(EndpointKeys.SERVE_PORT),
                        settings.get(EndpointKeys.MODEL_NAME),
                        WireType.valueOf(settings.get(EndpointKeys.WIRE_DTYPE).toUpperCase(Locale.ROOT)),
                        new LlmInfo.Limits(settings.get(EndpointKeys.MAX_TOKENS), message),
                        new LlmServer.Load(
                                settings.get(EndpointKeys.QUEUE), settings.get(EndpointKeys.QUEUE_BYTES), WORKERS))
                .withTls(tls(settings))
                .withTokens(tokens(settings))
                .withFeatures(new FeatureStore.Limits(
                        settings.get(EndpointKeys.FEATURES_MEMORY),
                        settings.get(EndpointKeys.FEATURES_DISK),
                        path(settings, EndpointKeys.FEATURES_DIR),
                        settings.get(EndpointKeys.FEATURES_KEEP)));
    }

    private static Tls tls(Settings settings) {
        Path certificate = path(settings, EndpointKeys.SERVE_CERTIFICATE);
        Path key = path(settings, EndpointKeys.SERVE_KEY);
        Path clientCa = path(settings, EndpointKeys.SERVE_CLIENT_CA);
        if ((certificate == null) != (key == null)) {
            throw JobException.usage("TLS needs both endpoint.tls.certificate and endpoint.tls.key: found only "
                    + (key == null ? "the certificate." : "the key."));
        }
        if (certificate == null && clientCa != null) {
            throw JobException.usage("endpoint.tls.client_ca asks clients for certificates, which needs TLS:"
                    + " set endpoint.tls.certificate and endpoint.tls.key too.");
        }
        return certificate == null ? null : new Tls(certificate, key, clientCa);
    }

    private static BearerTokens tokens(Settings settings) {
        Path file = path(settings, EndpointKeys.SERVE_TOKEN_FILE);
        return file == null ? null : BearerTokens.read(file);
    }

    private static Path path(Settings settings, Setting<String> key) {
        String text = settings.get(key);
        return text.isEmpty() ? null : Path.of(text);
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
