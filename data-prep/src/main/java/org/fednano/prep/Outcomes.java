package org.fednano.prep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.fednano.prep.Reject.Reason;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;

/**
 * What became of all records.
 *
 * @param accepted in the order of the raw data set
 * @param rejects by reason, each list sorted by id
 */
record Outcomes(List<Accepted> accepted, SortedMap<String, List<Reject>> rejects) {

    private static final int SHOWN = 300;

    /**
     * Sorts outcomes apart; a sample whose id came before is a reject, whatever file the first one stood in.
     *
     * @param checked in the order of the raw data set
     */
    static Outcomes of(List<Checked> checked) {
        List<Accepted> accepted = new ArrayList<>();
        List<Reject> rejects = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Checked c : checked) {
            Reject reject = c.reject();
            boolean first = seen.add(reject == null ? c.accepted().id() : reject.id());
            if (reject != null) {
                rejects.add(reject);
            } else if (first) {
                accepted.add(c.accepted());
            } else {
                rejects.add(duplicate(c.accepted()));
            }
        }
        return new Outcomes(
                accepted,
                rejects.stream()
                        .sorted(Comparator.comparing(Reject::id).thenComparing(r -> String.valueOf(r.record())))
                        .collect(Collectors.groupingBy(r -> r.reason().text(), TreeMap::new, Collectors.toList())));
    }

    private static Reject duplicate(Accepted a) {
        return new Reject(
                a.id(),
                Reason.DUPLICATE_ID,
                "an earlier record has this id; the first one counts",
                a.source(),
                "question: " + a.question() + "\nchoices: " + a.choices() + "\nanswer: " + a.answer());
    }

    int rejected() {
        return rejects.values().stream().mapToInt(List::size).sum();
    }

    int read() {
        return accepted.size() + rejected();
    }

    /** Says how many there are, with one example of each reason. */
    void sayCounts(Consumer<String> say) {
        say.accept(String.format("read %,d records: kept %,d, rejected %,d", read(), accepted.size(), rejected()));
        rejects.forEach((reason, list) -> {
            Reject first = list.get(0);
            say.accept(String.format(
                    "  %s: %,d, such as %s (%s)",
                    reason, list.size(), oneLine(first.source()), oneLine(first.detail())));
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
        if (fraction <= limit && !accepted.isEmpty()) {
            return;
        }
        String found = rejects.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue().size())
                .collect(Collectors.joining(", "));
        if (accepted.isEmpty()) {
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
            String hint = hint(Reason.valueOf(reason.toUpperCase(Locale.ROOT)));
            if (!hint.isEmpty() && list.size() * 10 >= rejected()) {
                text.append(' ').append(hint);
            }
        });
        return text.toString();
    }

    private static String hint(Reason reason) {
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
