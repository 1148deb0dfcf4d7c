package org.fednano.llm.inspect;

import static org.fednano.settings.Quantities.bytes;
import static org.fednano.settings.Quantities.count;

import java.util.Locale;
import java.util.stream.Collectors;
import org.fednano.llm.inspect.Part.Holder;

/** An {@link Inspection} for people. */
final class InspectionTable {

    private static final String ROW = "%-18s  %-8s  %16s  %9s  %10s  %11s%n";

    private final Inspection inspection;
    private final StringBuilder text = new StringBuilder();

    private InspectionTable(Inspection inspection) {
        this.inspection = inspection;
    }

    static String of(Inspection inspection) {
        InspectionTable table = new InspectionTable(inspection);
        table.parts();
        table.storage();
        table.upload();
        table.activations();
        return table.text.toString();
    }

    private void parts() {
        SplitModel model = inspection.model();
        line(
                "%s: %s parameters, counted from its %s; H = %s, vocabulary %s, %s",
                model.name(),
                count(model.parameters()),
                model.source(),
                count(model.hidden()),
                count(model.vocabulary()),
                model.hasEncoder() ? "tokens a medium: " + tokens(model) : "reads no media");
        line("");
        text.append(String.format(Locale.ROOT, ROW, "part", "held by", "parameters", "share", "stored", "as float32"));
        for (Part part : inspection.parts()) {
            text.append(String.format(
                    Locale.ROOT,
                    ROW,
                    part.name(),
                    part.holder().text(),
                    count(part.parameters()),
                    share(part.parameters()),
                    bytes(part.storedBytes()),
                    bytes(part.memoryBytes())));
        }
        for (Holder holder : Holder.values()) {
            sum(holder);
        }
        line("");
    }

    private void sum(Holder holder) {
        long parameters = 0;
        long stored = 0;
        long memory = 0;
        for (Part part : inspection.parts()) {
            if (part.holder() == holder) {
                parameters += part.parameters();
                stored += part.storedBytes();
                memory += part.memoryBytes();
            }
        }
        text.append(String.format(
                Locale.ROOT,
                ROW,
                "all of it",
                holder.text(),
                count(parameters),
                share(parameters),
                bytes(stored),
                bytes(memory)));
    }

    private static String tokens(SplitModel model) {
        return model.tokens().entrySet().stream()
                .map(e -> e.getKey() + " " + count(e.getValue()))
                .collect(Collectors.joining(", "));
    }

    private void storage() {
        if (!inspection.model().hasEncoder()) {
            line(
                    "This is a language model alone: it has no vision tower, and clients nothing to read pictures with. Name one:"
                            + " --set 'model.encoders=[\"image=DIR\"]'.");
            line("");
            return;
        }
        line(
                "A client stores %s %% less than the whole model (the paper: 95 %%).",
                percent(inspection.storageReduction()));
        line(
                "  Left out there and here: rows of the token-embedding table for the client's own texts (%s each, %s at"
                        + " most),",
                bytes((double) Float.BYTES * inspection.model().hidden()), bytes(inspection.embeddingTableBytes()));
        line(
                "  cached features (%s a sample of %s prompt tokens), the optimiser's state (twice the adapters), working"
                        + " memory.",
                bytes((double) Float.BYTES
                        * inspection.load().promptTokens()
                        * inspection.model().hidden()),
                count(inspection.load().promptTokens()));
        line("");
    }

    private void upload() {
        Traffic traffic = inspection.traffic();
        line(
                "A client uploads %s adapter values a round: %.4f %% of the model (the paper: about 0.01 %%), %s as float32.",
                count(inspection.layout().size()), 100 * inspection.uploadShare(), bytes(traffic.uplinkAdapter()));
        if (traffic.uplinkFisher() > 0) {
            line(
                    "  Left out there: the Fisher diagonal, as many values again: %s together, %.4f %% of the model.",
                    bytes(traffic.uplinkAdapter() + traffic.uplinkFisher()), 200 * inspection.uploadShare());
        } else {
            line("  %s uploads no Fisher diagonal.", inspection.load().strategy());
        }
        line("  Left out there, and far larger: what goes to the language model and back at every step.");
        line("");
    }

    private void activations() {
        Traffic.Load load = inspection.load();
        Traffic traffic = inspection.traffic();
        line(
                "Traffic of %s: %s rounds, %s clients a round, %s samples a client, %s passes a round; %s prompt tokens, %s:",
                load.strategy(),
                count(load.rounds()),
                count(load.clients()),
                count(load.samples()),
                passes(load.passes()),
                count(load.promptTokens()),
                load.wire());
        text.append(String.format(Locale.ROOT, "%-34s  %10s  %10s%n", "", "up", "down"));
        row(
                "adapter (and Fisher), client, round",
                traffic.uplinkAdapter() + traffic.uplinkFisher(),
                traffic.downlinkAdapter());
        row("embeddings, sample, step", traffic.uplinkStep(), traffic.downlinkStep());
        row("all, round", traffic.uplinkRound(), traffic.downlinkRound());
        row("all, run", traffic.uplinkRun(), traffic.downlinkRun());
        CodedTraffic coded = inspection.coded();
        line("With llm.wire = 2, float32, batches of %s:", count(load.batch()));
        row("features, sample, once a run", coded.uplinkFeatures(), 0);
        row("features, client, once a run", (double) coded.uplinkFeatures() * load.samples(), 0);
        row("codes and W_up, sample, step", coded.uplinkStep(), coded.downlinkStep());
        row("all, run", coded.uplinkRun(), coded.downlinkRun());
    }

    /** Rounded down where rounding would leave nothing for the client. */
    private static String percent(double share) {
        return share < 0.9995
                ? String.format(Locale.ROOT, "%.1f", 100 * share)
                : String.format(Locale.ROOT, "%.4f", Math.floor(1e6 * share) / 1e4);
    }

    private static String passes(double passes) {
        return passes == Math.rint(passes) ? count(Math.round(passes)) : String.format(Locale.ROOT, "%.2f", passes);
    }

    private void row(String name, double up, double down) {
        text.append(String.format(Locale.ROOT, "%-36s  %8s  %10s%n", name, bytes(up), bytes(down)));
    }

    private String share(long parameters) {
        double share = 100.0 * parameters / inspection.model().parameters();
        return String.format(Locale.ROOT, share < 0.1 ? "%.4f %%" : "%.2f %%", share);
    }

    private void line(String pattern, Object... values) {
        text.append(String.format(Locale.ROOT, pattern, values)).append(System.lineSeparator());
    }
}
