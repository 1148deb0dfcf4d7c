package org.fednano.llm.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.llm.check.Row.Verdict;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Runs checks one after the other; a failure of one is its row, not the end. */
final class CheckRunner {

    /** What a check found. */
    record Found(boolean holds, String measured, String note) {

        static Found of(boolean holds, String measured) {
            return new Found(holds, measured, "");
        }
    }

    /** One check. */
    interface Check {
        Found run();
    }

    /** A check that cannot be tried here. */
    static final class Skip extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Skip(String why) {
            super(why);
        }
    }

    private final List<Row> rows = new ArrayList<>();

    /** Adds a row. Returns whether the check held. */
    boolean add(String name, String limit, Check check) {
        Row row;
        try {
            Found found = check.run();
            row = new Row(
                    name,
                    found.holds ? Verdict.PASS : Verdict.FAIL,
                    found.measured,
                    limit,
                    found.holds ? "" : found.note);
        } catch (Skip e) {
            row = new Row(name, Verdict.SKIPPED, "-", limit, e.getMessage());
        } catch (LlmException e) {
            row = new Row(name, Verdict.FAIL, e.reason().name(), limit, e.getMessage());
        } catch (JobException e) {
            row = new Row(name, Verdict.FAIL, "-", limit, e.getMessage());
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            // Numbers that cannot be: the sender's fault, not ours.
            row = new Row(name, Verdict.FAIL, "-", limit, "its answer cannot be used: " + e.getMessage());
        }
        rows.add(row);
        return row.verdict() == Verdict.PASS;
    }

    /** The difference of two answers, as a row. */
    boolean near(String name, double limit, java.util.function.DoubleSupplier difference) {
        return add(name, text("at most %.2g", limit), () -> {
            double found = difference.getAsDouble();
            return new Found(found <= limit, text("%.2g", found), "further apart than rounding explains");
        });
    }

    /**
     * Whether the endpoint can be reached at all; not a row.
     *
     * @throws JobException with status 5 if it cannot
     */
    static void reach(Runnable first) {
        try {
            first.run();
        } catch (LlmException e) {
            if (e.reason().remedy() == Reason.Remedy.RETRY) {
                throw new JobException(ExitStatus.ENDPOINT_UNAVAILABLE, e.getMessage(), e);
            }
        }
    }

    List<Row> rows() {
        return rows;
    }

    static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
