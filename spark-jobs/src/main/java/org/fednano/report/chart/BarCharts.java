package org.fednano.report.chart;

import static org.fednano.report.chart.ChartStyle.BLUE;
import static org.fednano.report.chart.ChartStyle.LIGHT_GREY;
import static org.fednano.report.chart.ChartStyle.ORANGE;
import static org.fednano.report.chart.ChartStyle.SKY;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report.Picture;
import org.fednano.report.data.RunSummary;
import org.fednano.report.data.RunSummary.ClientCourse;
import org.fednano.report.data.RunSummary.Line;
import org.knowm.xchart.CategoryChart;

/** Clients and skills side by side as bar charts. Each is empty if the tables hold nothing to draw. */
public final class BarCharts {

    /** Above these, bars stand for the lowest and the highest only. */
    private static final int MANY_BARS = 20;

    private BarCharts() {}

    /** Majority, zero-shot and last accuracy of each client, or of the extremes among many. */
    public static Optional<Picture> clientBars(RunSummary summary, String split) {
        return bars("clients", "client", "Accuracy per client, " + Charts.splitName(split), summary.clientLines(split));
    }

    /** The same per skill. */
    public static Optional<Picture> categoryBars(RunSummary summary, String split) {
        return bars("skills", "skill", "Accuracy per skill, " + Charts.splitName(split), summary.categoryLines(split));
    }

    private static Optional<Picture> bars(String id, String what, String title, List<Line> all) {
        if (all.isEmpty()) {
            return Optional.empty();
        }
        List<Line> lines =
                all.size() <= MANY_BARS ? all : extremes(all, Comparator.comparingDouble(BarCharts::standing));
        String shown = all.size() <= MANY_BARS ? "" : ": the 10 lowest and the 10 highest of " + all.size();
        List<String> names = Charts.labels(lines.stream().map(Line::name).toList());
        CategoryChart chart = ChartStyle.bars(what, "accuracy", Charts::percentLabel, names.size());
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0);
        bar(chart, "majority answer", names, lines, Line::majority, LIGHT_GREY);
        bar(chart, "zero-shot", names, lines, Line::zeroShot, SKY);
        bar(chart, "last evaluated round", names, lines, Line::last, BLUE);
        Line low = lines.stream()
                .min(Comparator.comparingDouble(BarCharts::standing))
                .orElseThrow();
        Line high = lines.stream()
                .max(Comparator.comparingDouble(BarCharts::standing))
                .orElseThrow();
        return Charts.picture(
                id,
                title + shown,
                "Bar chart with three bars per " + what + ": majority answer, zero-shot, last evaluated round. Lowest: "
                        + low.name() + " with " + Numbers.percent(standing(low)) + "; highest: " + high.name()
                        + " with " + Numbers.percent(standing(high)) + ". The table gives every number.",
                chart);
    }

    private static void bar(
            CategoryChart chart,
            String name,
            List<String> names,
            List<Line> lines,
            ToDoubleFunction<Line> value,
            java.awt.Color color) {
        List<Double> values = lines.stream()
                .map(l -> Charts.zeroIfNone(value.applyAsDouble(l)))
                .toList();
        if (lines.stream().anyMatch(l -> Double.isFinite(value.applyAsDouble(l)))) {
            ChartStyle.bar(chart, name, names, values, color);
        }
    }

    /** Each client's share of the merge against its share of the training rows. */
    public static Optional<Picture> shares(RunSummary summary) {
        List<ClientCourse> all = summary.courses().stream()
                .filter(c -> Double.isFinite(c.mergeShare()))
                .toList();
        if (all.isEmpty()) {
            return Optional.empty();
        }
        List<ClientCourse> shown =
                all.size() <= MANY_BARS ? all : extremes(all, Comparator.comparingDouble(ClientCourse::mergeShare));
        String cut = all.size() <= MANY_BARS ? "" : ": the 10 smallest and the 10 largest of " + all.size();
        List<String> names =
                Charts.labels(shown.stream().map(ClientCourse::clientId).toList());
        CategoryChart chart = ChartStyle.bars("client", "share, mean over rounds", Charts::percentLabel, names.size());
        chart.getStyler()
                .setYAxisMin(0.0)
                .setYAxisMax(shown.stream()
                        .mapToDouble(c -> Math.max(Charts.zeroIfNone(c.rowShare()), c.mergeShare()))
                        .filter(v -> v > 0)
                        .max()
                        .orElse(1));
        ChartStyle.bar(
                chart,
                "share of training rows",
                names,
                shown.stream().map(c -> Charts.zeroIfNone(c.rowShare())).toList(),
                LIGHT_GREY);
        ChartStyle.bar(
                chart,
                "share of merge weight",
                names,
                shown.stream().map(c -> Charts.zeroIfNone(c.mergeShare())).toList(),
                ORANGE);
        ClientCourse top = shown.stream()
                .max(Comparator.comparingDouble(ClientCourse::mergeShare))
                .orElseThrow();
        return Charts.picture(
                "shares",
                "Share of the merge per client" + cut,
                "Bar chart with two bars per client: share of training rows and share of the merge weight. Largest merge"
                        + " weight: " + top.clientId() + " with " + Numbers.percent(top.mergeShare()) + " of it and "
                        + Numbers.percent(top.rowShare()) + " of the rows.",
                chart);
    }

    /** The ten least and the ten greatest, in order. */
    private static <T> List<T> extremes(List<T> all, Comparator<T> order) {
        List<T> sorted = all.stream().sorted(order).toList();
        List<T> ends = new ArrayList<>(sorted.subList(0, MANY_BARS / 2));
        ends.addAll(sorted.subList(sorted.size() - MANY_BARS / 2, sorted.size()));
        return ends;
    }

    /** The accuracy that a client or skill is ranked by: the last one, or zero-shot before there is one. */
    private static double standing(Line line) {
        return Double.isFinite(line.last()) ? line.last() : Charts.zeroIfNone(line.zeroShot());
    }
}
