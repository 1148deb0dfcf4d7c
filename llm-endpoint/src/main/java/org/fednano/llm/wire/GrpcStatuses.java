package org.fednano.llm.wire;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/** The contract's reasons as gRPC statuses, and back. The reason in the message decides: not every server has every code. */
public final class GrpcStatuses {

    private static final Pattern REASON = Pattern.compile("LLMGRAD:([A-Z_]+)");

    private GrpcStatuses() {}

    /** What a server answers. */
    public static StatusRuntimeException status(LlmException failure) {
        return code(failure.reason())
                .withDescription("LLMGRAD:" + failure.reason() + " " + failure.getMessage())
                .asRuntimeException();
    }

    /** The gRPC code of a reason. */
    public static Status code(Reason reason) {
        return switch (reason) {
            case BAD_REQUEST, MASK, TOKEN_RANGE, CHOICE, NONFINITE_INPUT -> Status.INVALID_ARGUMENT;
            case UNKNOWN_OP -> Status.UNIMPLEMENTED;
            case VERSION, FINGERPRINT -> Status.FAILED_PRECONDITION;
            case TOO_LARGE, OOM -> Status.RESOURCE_EXHAUSTED;
            case BUSY, NOT_READY -> Status.UNAVAILABLE;
            case NO_MODEL, MISS -> Status.NOT_FOUND;
            case AUTH -> Status.UNAUTHENTICATED;
            case ROUND_CLOSED -> Status.CANCELLED;
            case ENDPOINT_DOWN -> Status.ABORTED;
            case NONFINITE_OUTPUT, INTERNAL -> Status.INTERNAL;
        };
    }

    /** The reason of a failed call: from the message if it names one, else from the code. */
    public static LlmException read(StatusRuntimeException failure) {
        Status status = failure.getStatus();
        String text = status.getDescription() == null ? "" : status.getDescription();
        Reason reason = named(text);
        if (reason == null) {
            reason = text.contains("protocol is restricted") // Triton's way to refuse a token
                    ? Reason.AUTH
                    : switch (status.getCode()) {
                        case INVALID_ARGUMENT, OUT_OF_RANGE -> Reason.BAD_REQUEST;
                        case UNIMPLEMENTED -> Reason.UNKNOWN_OP;
                        case FAILED_PRECONDITION -> Reason.FINGERPRINT;
                        case RESOURCE_EXHAUSTED -> Reason.TOO_LARGE;
                            // A deadline is the network's or the queue's: the operation is pure, ask again.
                        case UNAVAILABLE, DEADLINE_EXCEEDED -> Reason.NOT_READY;
                        case NOT_FOUND -> Reason.NO_MODEL;
                        case UNAUTHENTICATED, PERMISSION_DENIED -> Reason.AUTH;
                        default -> Reason.INTERNAL;
                    };
        }
        return new LlmException(reason, "(" + status.getCode() + ") " + text, failure);
    }

    private static Reason named(String text) {
        Matcher matcher = REASON.matcher(text);
        if (matcher.find()) {
            for (Reason reason : Reason.values()) {
                if (reason.name().equals(matcher.group(1))) {
                    return reason;
                }
            }
        }
        return null;
    }
}
