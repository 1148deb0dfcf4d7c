package org.fednano.shards;

import java.io.Serializable;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * Which dated folders of a client are used. Rows outside of dated folders always are.
 *
 * @param since first date, or null: from the oldest on
 * @param until last date, or null: to the newest
 */
public record DataWindow(LocalDate since, LocalDate until) implements Serializable {

    /**
     * Reads {@code run.data_since} and {@code run.data_until}.
     *
     * @throws JobException with status 2 if they are no dates, or the wrong way round
     */
    public static DataWindow of(Settings settings) {
        DataWindow window = new DataWindow(date(settings, RunKeys.DATA_SINCE), date(settings, RunKeys.DATA_UNTIL));
        if (window.since != null && window.until != null && window.until.isBefore(window.since)) {
            throw JobException.usage(RunKeys.DATA_UNTIL.key() + " must not be before " + RunKeys.DATA_SINCE.key()
                    + ": found " + window.until + " and " + window.since + ".");
        }
        return window;
    }

    private static LocalDate date(Settings settings, Setting<String> key) {
        String text = settings.get(key);
        try {
            return text.isEmpty() ? null : LocalDate.parse(text);
        } catch (DateTimeParseException e) {
            throw JobException.usage(
                    "Setting '" + key.key() + "' must be a date such as 2026-01-31, or empty: found '" + text + "'.");
        }
    }

    boolean holds(LocalDate date) {
        return (since == null || !date.isBefore(since)) && (until == null || !date.isAfter(until));
    }
}
