package org.fednano.llm.wire;

import java.util.List;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;

/**
 * Calls cut in halves until each part is within the limits and the endpoint takes it. Where the cuts are depends on the
 * call and the limits alone, so the same call is cut the same way each time.
 *
 * @param limits of one request
 * @param hidden H
 * @param type D
 */
public record BatchSplitter(LlmInfo.Limits limits, int hidden, WireType type) {

    /** Who answers one request. */
    public interface Asked {
        <R> R ask(LlmCall<R> call);
    }

    /** The endpoint's limits, with one's own on messages. */
    public static BatchSplitter of(LlmInfo info, WireType type, long maxMessage) {
        LlmInfo.Limits limits = info.limits();
        return new BatchSplitter(
                new LlmInfo.Limits(limits.tokens(), Math.min(limits.messageBytes(), maxMessage)), info.hidden(), type);
    }

    /** Within the limits of both. */
    public BatchSplitter and(BatchSplitter other) {
        return new BatchSplitter(
                new LlmInfo.Limits(
                        Math.min(limits.tokens(), other.limits.tokens()),
                        Math.min(limits.messageBytes(), other.limits.messageBytes())),
                hidden,
                type);
    }

    /**
     * Asks for the whole, or for halves.
     *
     * @param onSplit told of each call that is halved
     * @throws LlmException TOO_LARGE or OOM if one sample alone is too large
     */
    public <R> R ask(LlmCall<R> call, Asked asked, Runnable onSplit) {
        long bytes = Requests.bytes(call, hidden, type);
        boolean fits = call.tokens() <= limits.tokens() && bytes <= limits.messageBytes();
        if (!fits && call.samples() <= 1) {
            throw new LlmException(
                    Reason.TOO_LARGE,
                    call.shapes() + " is one sample and cannot be split: it takes " + call.tokens() + " tokens and "
                            + bytes + " bytes, a request may hold " + limits.tokens() + " and "
                            + limits.messageBytes());
        }
        if (fits) {
            try {
                return asked.ask(call);
            } catch (LlmException e) {
                if (e.reason().remedy() != Reason.Remedy.SPLIT) {
                    throw e;
                }
                if (call.samples() <= 1) {
                    throw new LlmException(
                            e.reason(), "One sample alone is too large, it cannot be split: " + e.getMessage(), e);
                }
            }
        }
        onSplit.run();
        int half = (call.samples() + 1) / 2;
        R first = ask(call.part(0, half), asked, onSplit);
        R second = ask(call.part(half, call.samples()), asked, onSplit);
        return call.gather(List.of(first, second));
    }
}
