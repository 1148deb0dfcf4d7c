package org.fednano.llm.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.fednano.llm.check.EndpointCheck;
import org.fednano.llm.check.Report;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.client.OipOptions.Tls;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fednano endpoint check}: whether a server keeps to the contract. */
@Command(
        name = "check",
        description = {
            "Says whether an endpoint, whoever wrote it, keeps to contract llmgrad/1: it can be reached and"
                    + " describes itself, answers every operation, gives the gradient that finite differences of its"
                    + " loss give, lets neither padding nor batch mates change a sample's result, and refuses what is"
                    + " wrong for the right reason. Measures tokens per second too.",
            "",
            "Prints a table, one row per check: result, what was measured, what is asked. Rows that failed are"
                    + " explained below it. A row is skipped where it cannot be tried."
        },
        footer = {
            "",
            "Examples:",
            "  fednano endpoint check grpc://localhost:8061",
            "  fednano endpoint check grpcs://llm.example.org:443 --ca ca.pem --token-file token.txt --json"
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:every check passed or was skipped",
            "1:a check failed",
            "2:wrong usage: an option, the address, a file",
            "5:nothing answers at the address"
        },
        mixinStandardHelpOptions = true)
public final class CheckCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "URL", description = "grpc://host:port, or grpcs://host:port for TLS.")
    private String url;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File whose first line is the bearer token. With one, it is also checked that the endpoint"
                    + " refuses calls with none or another.")
    private Path tokenFile;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM file of the authority that signed the endpoint; without it Java's own list.")
    private Path ca;

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            description = "PEM file of your own certificate chain, for mutual TLS.")
    private Path certificate;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description = "PEM file of your own private key (PKCS #8), for mutual TLS.")
    private Path key;

    @Option(
            names = "--model-name",
            paramLabel = "NAME",
            defaultValue = "frozen_llm",
            description = "The model's name at the endpoint (default: ${DEFAULT-VALUE}).")
    private String modelName;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "2",
            description =
                    "How long to measure the throughput of each shape; 0: not at all (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--deadline",
            paramLabel = "N",
            defaultValue = "180",
            description = "Seconds that one request may take (default: ${DEFAULT-VALUE}).")
    private int deadline;

    @Option(names = "--json", description = "Print one JSON object instead of the table.")
    private boolean json;

    @Override
    public Integer call() {
        if (seconds < 0 || deadline < 1) {
            throw JobException.usage("--seconds must be 0 or more and --deadline 1 or more: found " + seconds + " and "
                    + deadline + ".");
        }
        OipOptions options = OipOptions.to(url)
                .withModelName(modelName)
                .withToken(OipOptions.readToken(tokenFile))
                .withTls(Tls.read(ca, certificate, key))
                .withCallDeadline(Duration.ofSeconds(deadline));
        Report report = EndpointCheck.run(options, Duration.ofSeconds(seconds));
        var out = spec.commandLine().getOut();
        out.print(json ? report.json() + System.lineSeparator() : report.table());
        out.flush();
        return (report.passed() ? ExitStatus.DONE : ExitStatus.FAILED).code();
    }
}
