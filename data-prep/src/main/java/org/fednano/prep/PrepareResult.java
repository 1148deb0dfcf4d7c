package org.fednano.prep;

import java.util.Locale;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.fednano.prep.RecordCounts.Rejects;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RejectReason;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;

/**
 * How many records were kept and rejected.
 *
 * @param kept samples
 * @param rejects by reason
 */
record PrepareResult(long kept, SortedMap<String, Rejects> rejects) {

    private static final int SHOWN = 300;

    long rejected() {
        return rejects.values().stream().mapToLong(Rejects::count).sum();
    }

    long read() {
        return kept + rejected();
    }

    /** Says how many there are, with one example of each reason. */
    void sayCounts(Consumer<String> say) {
        say.accept(String.format("read %,d records: kept %,d, rejected %,d", read(), kept, rejected()));
        rejects.forEach((reason, list) -> {
            Reject first = list.example();
            say.accept(String.format(
                    "  %s: %,d, such as %s (%s)",
                    reason, list.count(), oneLine(first.source()), oneLine(first.detail())));
        });
    }

    /** Names in raw data may hold line ends and worse; what people read shall not. */
    private static String oneLine(String text) {
        String plain = text.replaceAll("\\p{Cntrl}", "?");
        return plain.length() <= SHOWN ? plain : plain.substring(0, SHOWN) + "…";
    }

    /**
     * Ends the job if nothing is usable or more is rejected than allowed.
     *
     * @param limit share of the records, {@code prepare.max_reject_fraction}
     * @throws JobException with status 3
     */
    void refuseTooMany(double limit, String source) {
        double fraction = (double) rejected() / read();
        if (fraction <= limit && kept > 0) {
            return;
        }
        String found = rejects.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue().count())
                .collect(Collectors.joining(", "));
        if (kept == 0) {
            throw JobException.badInput("At least one of the " + read() + " records in " + source
                    + " must be usable: all were rejected (" + found + ")." + hints());
        }
        throw JobException.badInput(String.format(
                Locale.ROOT,
                "At most %s = %s of the records in %s may be rejected: found %d of %d (%.3f): %s.%s"
                        + " Repair the records, or accept the loss with --set %s=%.2f.",
                DataKeys.MAX_REJECTS.key(),
                limit,
                source,
                rejected(),
                read(),
                fraction,
                found,
                hints(),
                DataKeys.MAX_REJECTS.key(),
                Math.min(1, Math.ceil(fraction * 100) / 100)));
    }

    /** What often lies behind a reason that struck many records. */
    private String hints() {
        StringBuilder text = new StringBuilder();
        rejects.forEach((reason, list) -> {
            String hint = hint(RejectReason.valueOf(reason.toUpperCase(Locale.ROOT)));
            if (!hint.isEmpty() && list.count() * 10 >= rejected()) {
                text.append(' ').append(hint);
            }
        });
        return text.toString();
    }

    private static String hint(RejectReason reason) {
        return switch (reason) {
            case BAD_OWNER -> "Data without owners need prepare.split = iid or dirichlet.";
            case BROKEN_ENCODING -> "Files must be UTF-8; `iconv -t UTF-8` converts them.";
            case EMPTY_QUESTION, EMPTY_ANSWER -> "Of a table, prepare.columns says which column holds what.";
            case MISSING_IMAGE, MISSING_MEDIUM -> "Pictures that lie elsewhere are found with prepare.media_root.";
            case UNSAFE_PATH -> "Paths must lead to files below prepare.media_root.";
            default -> "";
        };
    }
}
