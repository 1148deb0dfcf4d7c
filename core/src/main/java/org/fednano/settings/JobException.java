package org.fednano.settings;

/**
 * A failure that the caller can act on. Its message says what was expected, what was found, where, and what to change;
 * commands print it without a stack trace and leave with {@link #status()}.
 */
public class JobException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ExitStatus status;

    public JobException(ExitStatus status, String message) {
        super(message);
        this.status = status;
    }

    public JobException(ExitStatus status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /** Wrong usage or settings. */
    public static JobException usage(String message) {
        return new JobException(ExitStatus.USAGE, message);
    }

    /** Bad input: data, a model folder, a run folder. */
    public static JobException badInput(String message) {
        return new JobException(ExitStatus.BAD_INPUT, message);
    }

    /** Bad input, with what revealed it. */
    public static JobException badInput(String message, Throwable cause) {
        return new JobException(ExitStatus.BAD_INPUT, message, cause);
    }

    public ExitStatus status() {
        return status;
    }
}
