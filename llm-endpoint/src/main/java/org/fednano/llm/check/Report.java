package org.fednano.llm.check;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.fednano.llm.check.Row.Verdict;

/**
 * What the checks found.
 *
 * @param address of the endpoint
 * @param rows in the order of the checks
 */
public record Report(String address, List<Row> rows) {

    public Report {
        rows = List.copyOf(rows);
    }

    /** Whether no check failed. */
    public boolean passed() {
        return count(Verdict.FAIL) == 0;
    }

    private long count(Verdict verdict) {
        return rows.stream().filter(row -> row.verdict() == verdict).count();
    }

    /** For people: a table, then the notes of what did not pass. */
    public String table() {
        int name = width("check", rows.stream().map(Row::name).toList());
        int measured = width("measured", rows.stream().map(Row::measured).toList());
        String format = "%-" + name + "s  %-7s  %-" + measured + "s  %s%n";
        StringBuilder text = new StringBuilder("Endpoint ").append(address).append(System.lineSeparator());
        text.append(String.format(Locale.ROOT, format, "check", "result", "measured", "limit"));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    format,
                    row.name(),
                    row.verdict().name().toLowerCase(Locale.ROOT),
                    row.measured(),
                    row.limit()));
        }
        for (Row row : rows) {
            if (!row.note().isEmpty()) {
                text.append(String.format(
                        Locale.ROOT,
                        "%s: %s: %s%n",
                        row.verdict().name().toLowerCase(Locale.ROOT),
                        row.name(),
                        row.note()));
            }
        }
        text.append(String.format(
                Locale.ROOT,
                "%d passed, %d failed, %d skipped%n",
                count(Verdict.PASS),
                count(Verdict.FAIL),
                count(Verdict.SKIPPED)));
        return text.toString();
    }

    private static int width(String title, List<String> cells) {
        return Math.max(
                title.length(), cells.stream().mapToInt(String::length).max().orElse(0));
    }

    /** For programs: one JSON object. */
    public String json() {
        ObjectNode json = JsonMapper.builder()
                .build()
                .createObjectNode()
                .put("address", address)
                .put("passed", passed());
        var checks = json.putArray("checks");
        for (Row row : rows) {
            checks.addObject()
                    .put("name", row.name())
                    .put("result", row.verdict().name().toLowerCase(Locale.ROOT))
                    .put("measured", row.measured())
                    .put("limit", row.limit())
                    .put("note", row.note());
        }
        return json.toPrettyString();
    }
}
