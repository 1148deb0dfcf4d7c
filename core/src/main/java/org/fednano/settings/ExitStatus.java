package org.fednano.settings;

/** What a command tells its caller; schedulers branch on these numbers, so none ever changes its meaning. */
public enum ExitStatus {
    DONE(0),
    FAILED(1),
    USAGE(2),
    BAD_INPUT(3),
    QUORUM(4),
    ENDPOINT_UNAVAILABLE(5),
    RUN_HELD(6),
    /** Ended by a SIGTERM, as shells and the JVM number it. */
    STOPPED(143);

    private final int code;

    ExitStatus(int code) {
        this.code = code;
    }

    /** The process exit code. */
    public int code() {
        return code;
    }
}
