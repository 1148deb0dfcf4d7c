package org.fednano.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.fednano.report.chart.ChartStyle;
import org.fednano.report.chart.Charts;
import org.fednano.report.data.LabelSkew;
import org.fednano.report.data.LabelSkew.OfClient;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.Report;
import org.fednano.report.data.Report.Block;
import org.fednano.report.data.Report.Fact;
import org.fednano.report.data.Report.Facts;
import org.fednano.report.data.Report.Few;
import org.fednano.report.data.Report.Notes;
import org.fednano.report.data.Report.Picture;
import org.fednano.report.data.Report.Section;
import org.fednano.report.data.Report.Table;
import org.fednano.report.data.ShardSummary;
import org.fednano.report.data.ShardSummary.Client;
import org.fednano.report.data.Texts;
import org.fednano.sample.Split;
import org.knowm.xchart.CategoryChart;

/** How unevenly a prepared data set lies with its clients. */
final class SkewReport {

    /** Labels with a bar of their own; the others share one. */
    private static final int LABELS = 7;

    private static final int MANY_CLIENTS = 20;
    private static final String OTHERS = "all others";

    private final ShardSummary shards;
    private final List<LabelSkew> skews;

    private SkewReport(ShardSummary shards) {
        this.shards = shards;
        skews = List.of(
                LabelSkew.of("answer", "answers", shards.clients(), Client::answers),
                LabelSkew.of("category", "categories", shards.clients(), Client::categories));
    }

    static Report of(ShardSummary shards) {
        return new SkewReport(shards).report();
    }

    private Report report() {
        List<Section> sections = new ArrayList<>();
        sections.add(new Section("overview", "Overview", List.of(facts(), origin())));
        sections.add(new Section("sizes", "Rows per client", sizes()));
        for (LabelSkew skew : skews) {
            if (skew.whole().size() > 1) {
                sections.add(new Section(skew.name(), "Skew of the " + skew.name(), labels(skew)));
            }
        }
        sections.add(new Section("notes", "How to read this", List.of(new Notes(notes()))));
        return new Report(
                "FedNano: how the shards lie with their clients",
                Numbers.of(shards.clients().size(), "client", "clients") + ", " + Numbers.count(shards.trainingRows())
                        + " training rows, split by " + rule() + ".",
                sections);
    }

    /** The split with all that decided it, such as {@code dirichlet (column answer, alpha 0.5, seed 1)}. */
    private String rule() {
        String details = shards.split().entrySet().stream()
                .filter(e -> !Set.of("by", "clients").contains(e.getKey()))
                .map(e -> e.getKey().replace('_', ' ') + " " + e.getValue())
                .collect(Collectors.joining(", "));
        String by = shards.split().getOrDefault("by", "an unknown rule");
        return details.isEmpty() ? by : by + " (" + details + ")";
    }

    private Facts facts() {
        List<Fact> facts = new ArrayList<>();
        List<Client> bySize = shards.clients().stream()
                .sorted(Comparator.comparingLong(Client::trainingRows))
                .toList();
        Client small = bySize.get(0);
        Client large = bySize.get(bySize.size() - 1);
        facts.add(new Fact(
                "Clients",
                Numbers.count(shards.clients().size()),
                "as uneven as " + Numbers.format("%.1f", shards.effectiveClients()) + " equal ones"));
        facts.add(new Fact(
                "Training rows",
                Numbers.count(shards.trainingRows()),
                Numbers.count(small.trainingRows()) + " (" + small.id() + ") to " + Numbers.count(large.trainingRows())
                        + " (" + large.id() + ")"));
        for (LabelSkew skew : skews) {
            if (skew.whole().size() > 1) {
                facts.add(new Fact(
                        "Distance of " + skew.plural(),
                        Numbers.format("%.2f", skew.meanDistance()),
                        "between a client's and all clients' shares, 0 to 1; mean, by chance "
                                + Numbers.format("%.2f", skew.meanByChance())));
            }
        }
        return new Facts(facts);
    }

    private Table origin() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("records read", Numbers.count(shards.read())));
        rows.add(List.of("kept", Numbers.count(shards.kept())));
        rows.add(List.of("rejected, in all", Numbers.count(shards.read() - shards.kept())));
        shards.rejected().forEach((reason, n) -> rows.add(List.of("rejected: " + reason, Numbers.count(n))));
        return new Table("What came in and what became of it", List.of("", "records"), rows, 1, Few.ENDS, false);
    }

    private List<Block> sizes() {
        List<Block> blocks = new ArrayList<>();
        sizeBars().ifPresent(blocks::add);
        List<List<String>> rows = new ArrayList<>();
        for (Client client : shards.clients()) {
            List<String> row = new ArrayList<>();
            row.add(client.id());
            for (Split split : Split.values()) {
                row.add(Numbers.count(client.rows().getOrDefault(split.text(), 0L)));
            }
            row.add(Numbers.percent((double) client.trainingRows() / shards.trainingRows()));
            rows.add(row);
        }
        blocks.add(new Table(
                "Rows per client and split",
                List.of("client", "train", "val", "test", "balanced", "share of train"),
                rows,
                1,
                Few.ENDS,
                false));
        return blocks;
    }

    private Optional<Picture> sizeBars() {
        List<Client> shown = largest();
        List<String> names = Charts.labels(shown.stream().map(Client::id).toList());
        CategoryChart chart =
                ChartStyle.bars("client", "training rows", v -> Numbers.count(Math.round(v)), names.size());
        ChartStyle.bar(
                chart,
                "training rows",
                names,
                shown.stream().map(c -> (double) c.trainingRows()).toList(),
                ChartStyle.BLUE);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setLegendVisible(false); // one series, named by the axis
        return Charts.picture(
                "sizes",
                "Training rows per client" + cut(),
                "Bar chart of training rows per client, the largest first: "
                        + shown.get(0).id() + " with "
                        + Numbers.count(shown.get(0).trainingRows()) + ". The table gives every number.",
                chart);
    }

    private List<Client> largest() {
        return shards.clients().stream()
                .sorted(Comparator.comparingLong(Client::trainingRows)
                        .reversed()
                        .thenComparing(Client::id))
                .limit(MANY_CLIENTS)
                .toList();
    }

    private String cut() {
        int all = shards.clients().size();
        return all <= MANY_CLIENTS ? "" : ": the " + MANY_CLIENTS + " largest of " + all;
    }

    private List<Block> labels(LabelSkew skew) {
        List<Block> blocks = new ArrayList<>();
        labelBars(skew).ifPresent(blocks::add);
        List<List<String>> rows = new ArrayList<>();
        for (Client client : shards.clients()) {
            OfClient own = skew.clients().get(client.id());
            rows.add(List.of(
                    client.id(),
                    own.top(),
                    Numbers.percent(own.topShare()),
                    Numbers.count(own.labels()),
                    Numbers.format("%.3f", own.distance()),
                    Numbers.format("%.3f", own.byChance())));
        }
        blocks.add(new Table(
                "The " + skew.name() + " per client, training rows; "
                        + skew.whole().size() + " different ones in all",
                List.of("client", "most frequent", "its share", "different", "distance", "by chance"),
                rows,
                2,
                Few.ENDS,
                false));
        return blocks;
    }

    /** Shares of the most frequent labels, stacked to 1 for each client. */
    private Optional<Picture> labelBars(LabelSkew skew) {
        List<Client> shown = largest();
        List<String> frequent = skew.frequent(LABELS);
        List<String> names = Charts.labels(shown.stream().map(Client::id).toList());
        CategoryChart chart = ChartStyle.bars("client", "share of training rows", Charts::percentLabel, names.size());
        chart.getStyler().setStacked(true);
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0);
        Function<Client, Map<String, Long>> counts =
                skew.name().equals("answer") ? Client::answers : Client::categories;
        for (int i = 0; i < frequent.size(); i++) {
            String label = frequent.get(i);
            ChartStyle.bar(
                    chart,
                    Texts.clean(label.isEmpty() ? "(none)" : label),
                    names,
                    shown.stream()
                            .map(c -> share(counts.apply(c).getOrDefault(label, 0L), c))
                            .toList(),
                    ChartStyle.PALETTE.get(i));
        }
        if (skew.whole().size() > frequent.size()) {
            ChartStyle.bar(
                    chart,
                    OTHERS,
                    names,
                    shown.stream()
                            .map(c -> Math.max(
                                    0,
                                    1
                                            - frequent.stream()
                                                    .mapToDouble(l -> share(
                                                            counts.apply(c).getOrDefault(l, 0L), c))
                                                    .sum()))
                            .toList(),
                    ChartStyle.LIGHT_GREY);
        }
        return Charts.picture(
                "labels-" + skew.name(),
                "Most frequent " + skew.plural() + " per client" + cut(),
                "Stacked bars, one per client: shares of " + frequent.stream().collect(Collectors.joining(", "))
                        + " and all others. The table gives each client's distance from all clients together.",
                chart);
    }

    private static double share(long n, Client client) {
        return client.trainingRows() == 0 ? 0 : (double) n / client.trainingRows();
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        notes.add(
                "Distance is the total variation between a client's labels and those of all clients together: half the"
                        + " sum of absolute differences of their shares. 0: the same; near 1: labels that nobody else has.");
        notes.add(
                "By chance: the distance that a client of its size would have on average if rows were dealt at random."
                        + " A distance near it shows no skew.");
        notes.add("Answers are compared as accuracy compares them: lower case, trimmed, single blanks.");
        notes.add(
                "Counted are training rows, from the manifest alone; pictures and questions may differ where labels do"
                        + " not.");
        return notes;
    }
}
