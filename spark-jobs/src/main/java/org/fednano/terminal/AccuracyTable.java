package org.fednano.terminal;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.fednano.metrics.EvaluationRow;

/** Accuracy per round beside zero-shot and the majority answer: mean over clients, and each client where they are few. */
public final class AccuracyTable {

    private static final int SHOWN_CLIENTS = 8;

    private AccuracyTable() {}

    public static void print(PrintWriter out, AccuracyHistory history, List<String> splits, List<Integer> rounds) {
        for (String split : splits) {
            TreeSet<String> clients = new TreeSet<>();
            rounds.forEach(r ->
                    clients.addAll(history.of(r, split, EvaluationRow.MODEL).keySet()));
            if (clients.isEmpty()) {
                continue;
            }
            List<String> shown = clients.size() <= SHOWN_CLIENTS ? List.copyOf(clients) : List.of();
            List<List<String>> lines = new ArrayList<>();
            List<String> head = new ArrayList<>(List.of("accuracy (" + split + ")", "mean"));
            if (shown.isEmpty()) {
                head.addAll(List.of("lowest", "highest"));
            }
            head.addAll(shown);
            lines.add(head);
            int last = rounds.get(rounds.size() - 1);
            lines.add(line("majority answer", history.of(last, split, EvaluationRow.MAJORITY), shown));
            for (int round : rounds) {
                String name = round == 0 ? "zero-shot" : "round " + round;
                lines.add(line(name, history.of(round, split, EvaluationRow.MODEL), shown));
            }
            out.println();
            print(out, lines);
        }
        out.flush();
    }

    private static List<String> line(String name, Map<String, Double> accuracies, List<String> shown) {
        List<String> line = new ArrayList<>();
        line.add(name);
        var numbers =
                accuracies.values().stream().mapToDouble(Double::doubleValue).summaryStatistics();
        boolean none = accuracies.isEmpty();
        line.add(Figures.percent(none ? Double.NaN : numbers.getAverage()));
        if (shown.isEmpty()) {
            line.add(Figures.percent(none ? Double.NaN : numbers.getMin()));
            line.add(Figures.percent(none ? Double.NaN : numbers.getMax()));
        }
        shown.forEach(c -> line.add(Figures.percent(accuracies.getOrDefault(c, Double.NaN))));
        return line;
    }

    /** Columns aligned: the first to the left, the others to the right. */
    public static void print(PrintWriter out, List<List<String>> lines) {
        int columns = lines.get(0).size();
        int[] width = new int[columns];
        for (List<String> line : lines) {
            for (int c = 0; c < columns; c++) {
                width[c] = Math.max(width[c], line.get(c).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                String pad = " ".repeat(width[c] - line.get(c).length());
                text.append(c == 0 ? line.get(c) + pad : "  " + pad + line.get(c));
            }
            out.println(text.toString().stripTrailing());
        }
    }
}
