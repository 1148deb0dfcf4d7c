package org.fednano.rows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation;

/**
 * Dates and times as Python's {@code str} shows them: {@code 2026-01-31 12:30:00}, behind it six digits of a second if there
 * is a fraction, nine if six do not hold it, and {@code +00:00} where the column is in UTC. Where Python has no text, as
 * DuckDB: {@code infinity}, which is the greatest number, and years before the first or beyond 9999.
 */
final class TimeText {

    private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);
    private static final long JULIAN_DAY_OF_EPOCH = 2_440_588;

    private TimeText() {}

    static String date(long day) {
        return Math.abs(day) == Integer.MAX_VALUE ? infinity(day) : date(LocalDate.ofEpochDay(day));
    }

    private static String date(LocalDate date) {
        String day = String.format(
                Locale.ROOT,
                "%04d-%02d-%02d",
                date.get(ChronoField.YEAR_OF_ERA),
                date.getMonthValue(),
                date.getDayOfMonth());
        return date.getYear() > 0 ? day : day + " (BC)";
    }

    private static String infinity(long value) {
        return value < 0 ? "-infinity" : "infinity";
    }

    static String time(long value, LogicalTypeAnnotation.TimeUnit unit) {
        return time(LocalTime.ofNanoOfDay(
                Math.floorMod(javaUnit(unit).toNanos(value), TimeUnit.DAYS.toNanos(1)))); // 24:00 is midnight
    }

    static String timestamp(long value, LogicalTypeAnnotation.TimeUnit unit, boolean utc) {
        if (value == Long.MAX_VALUE || value == -Long.MAX_VALUE) {
            return infinity(value);
        }
        long perSecond = javaUnit(unit).convert(1, TimeUnit.SECONDS);
        int nanos = (int) javaUnit(unit).toNanos(Math.floorMod(value, perSecond));
        return timestamp(LocalDateTime.ofEpochSecond(Math.floorDiv(value, perSecond), nanos, ZoneOffset.UTC))
                + (utc ? "+00:00" : "");
    }

    /** The twelve bytes of an older type: nanoseconds of the day, then the day in Julian days, little-endian. */
    static String int96(byte[] bytes) {
        ByteBuffer parts = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long nanos = parts.getLong();
        long day = parts.getInt() - JULIAN_DAY_OF_EPOCH;
        return timestamp(LocalDate.ofEpochDay(day).atStartOfDay().plusNanos(nanos));
    }

    private static String timestamp(LocalDateTime at) {
        return date(at.toLocalDate()) + " " + time(at.toLocalTime());
    }

    private static String time(LocalTime time) {
        int nanos = time.getNano();
        String seconds = SECONDS.format(time);
        if (nanos == 0) {
            return seconds;
        }
        return nanos % 1000 == 0
                ? String.format(Locale.ROOT, "%s.%06d", seconds, nanos / 1000)
                : String.format(Locale.ROOT, "%s.%09d", seconds, nanos);
    }

    private static TimeUnit javaUnit(LogicalTypeAnnotation.TimeUnit unit) {
        return switch (unit) {
            case MILLIS -> TimeUnit.MILLISECONDS;
            case MICROS -> TimeUnit.MICROSECONDS;
            case NANOS -> TimeUnit.NANOSECONDS;
        };
    }
}
