package org.fednano.llm.check;

import java.time.Duration;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.client.OipOptions.Handshake;
import org.fednano.settings.JobException;

/** Judges one endpoint by the contract. It asks small questions only, and leaves nothing behind. */
public final class EndpointCheck {

    /** A busy server is waited for, but a dead one is not worth two minutes a row. */
    private static final OipOptions.Retry RETRY = new OipOptions.Retry(5, Duration.ofSeconds(1), Duration.ofSeconds(8));

    private EndpointCheck() {}

    /**
     * Runs every check.
     *
     * @param options of one address
     * @param time to measure the throughput of each shape; zero: not measured
     * @throws JobException with status 5 if nothing answers at the address, 2 if address or files are wrong
     */
    public static Report run(OipOptions options, Duration time) {
        CheckRunner sheet = new CheckRunner();
        OipOptions light = options.withHandshake(Handshake.LIGHT).withRetry(RETRY);
        try (EndpointProbe probe = EndpointProbe.open(light)) {
            CheckRunner.reach(probe::live);
            boolean known = identity(sheet, probe);
            if (known) {
                try (OipLlm llm = OipLlm.connect(light)) {
                    EndpointUnderTest subject = EndpointUnderTest.of(probe, llm);
                    OperationChecks.add(sheet, subject);
                    NumberChecks.add(sheet, subject);
                    CodedChecks.add(sheet, subject, light);
                    RefusalChecks.add(sheet, subject, light);
                    Throughput.add(sheet, subject, time);
                } catch (LlmException | JobException e) {
                    sheet.add("questions", "answers", () -> {
                        throw e;
                    });
                }
            } else {
                sheet.add("all further checks", "-", () -> {
                    throw new CheckRunner.Skip("without sound metadata and info nothing can be asked");
                });
            }
            return new Report(probe.address(), sheet.rows());
        }
    }

    private static boolean identity(CheckRunner sheet, EndpointProbe probe) {
        sheet.add("live", "true", () -> said(probe.live()));
        sheet.add("ready", "true", () -> said(probe.ready()));
        sheet.add("model ready", "true", () -> said(probe.modelReady()));
        LlmInfo[] info = new LlmInfo[1];
        sheet.add("info", "fingerprint of 64 hexadecimal digits, limits, probe", () -> {
            info[0] = probe.info();
            String fingerprint = info[0].fingerprint();
            return new Found(
                    fingerprint.matches("[0-9a-f]{64}"),
                    info[0].name() + ", H = " + info[0].hidden() + ", " + info[0].dtype() + ", "
                            + info[0].limits().tokens() + " tokens",
                    "the fingerprint has " + fingerprint.length() + " characters");
        });
        if (info[0] == null) {
            return false;
        }
        boolean metadata = sheet.add("metadata", "the contract's names and dtypes, H as info says", () -> {
            return Found.of(true, "D = " + probe.wireType(info[0]));
        });
        if (metadata) {
            sheet.add("hand-shake", "as at the start of a run", () -> {
                probe.handshake();
                return Found.of(true, "done");
            });
        }
        return metadata;
    }

    private static Found said(boolean answer) {
        return Found.of(answer, String.valueOf(answer));
    }
}
