package org.fednano.llm.server;

import java.util.Locale;
import java.util.regex.Pattern;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** What a caller is told of a failure. Foreign messages stay inside: they may hold a caller's values. */
final class ErrorMapper {

    /** A status travels in HTTP/2 headers, of which a client takes 8 KiB in all. */
    private static final int LONGEST = 1000;

    private static final int FRAMES = 12;

    /** The tensor engine has one exception for everything; these are PyTorch's words for no memory. */
    private static final Pattern NO_MEMORY =
            Pattern.compile("out of memory|not enough memory|can't allocate memory|cannot allocate memory|bad_alloc");

    private ErrorMapper() {}

    static LlmException of(Throwable failure) {
        if (failure instanceof LlmException known) {
            return known.getMessage().length() <= LONGEST
                    ? known
                    : new LlmException(known.reason(), known.getMessage().substring(0, LONGEST) + "...", known);
        }
        if (failure instanceof RoundClosedException) {
            return new LlmException(Reason.ROUND_CLOSED, failure.getMessage(), failure);
        }
        if (failure instanceof JobException job && job.status() == ExitStatus.ENDPOINT_UNAVAILABLE) {
            return new LlmException(Reason.ENDPOINT_DOWN, job.getMessage(), failure);
        }
        if (noMemory(failure)) {
            return new LlmException(Reason.OOM, "The request did not fit the server's memory", failure);
        }
        return new LlmException(
                Reason.INTERNAL,
                "The server failed (" + failure.getClass().getSimpleName() + "); its log says more",
                failure);
    }

    /** Where it happened, without the messages: those of libraries may quote a caller's values. */
    static String trace(Throwable failure) {
        StringBuilder trace = new StringBuilder();
        int depth = 0;
        for (Throwable t = failure; t != null && depth < 5; t = t.getCause(), depth++) {
            trace.append(depth == 0 ? "" : " caused by ").append(t.getClass().getName());
            for (int i = 0; i < Math.min(FRAMES, t.getStackTrace().length); i++) {
                trace.append(" < ").append(t.getStackTrace()[i]);
            }
        }
        return trace.toString();
    }

    private static boolean noMemory(Throwable failure) {
        int depth = 0;
        for (Throwable t = failure; t != null && depth < 10; t = t.getCause(), depth++) {
            if (t instanceof OutOfMemoryError
                    || t.getMessage() != null
                            && NO_MEMORY
                                    .matcher(t.getMessage().toLowerCase(Locale.ROOT))
                                    .find()) {
                return true;
            }
        }
        return false;
    }
}
