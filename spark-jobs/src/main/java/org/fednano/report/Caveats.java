package org.fednano.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.fednano.report.chart.Charts;
import org.fednano.report.data.Numbers;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunMetrics.Traffic;
import org.fednano.report.data.RunSummary;
import org.fednano.report.data.RunSummary.ClientCourse;
import org.fednano.report.data.RunSummary.Line;
import org.fednano.report.data.RunSummary.Spread;
import org.fednano.report.data.Texts;

/** What a careful reader would add to the numbers: how sure they are, what they leave out, what looks bad. */
final class Caveats {

    private final RunSummary summary;

    Caveats(RunSummary summary) {
        this.summary = summary;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        traffic(lines);
        lines.add("One run with one seed says little about a method: compare several seeds before calling a difference"
                + " of a few points real (`fednano report --runs a,b,…` sets runs side by side).");
        for (String split : summary.splits()) {
            certainty(lines, split);
        }
        if (!summary.splits().isEmpty()) {
            weakClients(lines, summary.splits().get(0));
            behind(lines, summary.splits().get(0));
        }
        weight(lines);
        cut(lines);
        rounds(lines);
        return lines;
    }

    private void traffic(List<String> lines) {
        Traffic all = summary.traffic();
        if (all.uplinkAdapter() > 0 && all.uplinkActivation() > 0) {
            lines.add("The adapter upload is not the whole traffic. For each byte of adapter the clients sent "
                    + ratio(all.uplinkActivation(), all.uplinkAdapter())
                    + " bytes of activations to the frozen model and got "
                    + ratio(all.downlinkGradient(), all.uplinkAdapter())
                    + " bytes of gradients back.");
        } else if (all.uplinkAdapter() > 0) {
            lines.add("No activation traffic is recorded, though split training always has it: do not read the adapter"
                    + " upload as the whole traffic.");
        }
        if (all.uplinkFisher() > 0) {
            lines.add("The Fisher diagonal is uploaded too, " + Numbers.bytes(all.uplinkFisher())
                    + " beside " + Numbers.bytes(all.uplinkAdapter())
                    + " of adapters. Figures that quote the adapter alone leave it out.");
        }
    }

    private void certainty(List<String> lines, String split) {
        List<Line> clients = summary.clientLines(split).stream()
                .filter(l -> l.samples() > 0 && Double.isFinite(accuracy(l)))
                .toList();
        if (clients.isEmpty()) {
            return;
        }
        double variance = 0;
        double widest = 0;
        for (Line l : clients) {
            double p = accuracy(l);
            double v = p * (1 - p) / l.samples();
            variance += v;
            widest = Math.max(widest, Math.sqrt(v));
        }
        double mean = Math.sqrt(variance) / clients.size();
        lines.add(Texts.capital(Charts.splitName(split))
                + ": with so many questions, chance alone moves the mean over clients by "
                + Numbers.decimal(100 * mean, 1) + " points and a single client by up to "
                + Numbers.decimal(100 * widest, 1)
                + " points (one standard error, binomial; the spread over seeds comes on top).");
    }

    private void weakClients(List<String> lines, String split) {
        List<String> below = summary.clientLines(split).stream()
                .filter(l -> l.last() <= l.majority())
                .sorted(Comparator.comparingDouble(Line::last))
                .map(Line::name)
                .toList();
        if (!below.isEmpty()) {
            lines.add("No better than the majority answer on the " + Charts.splitName(split) + ": " + Texts.few(below)
                    + ". Nothing visual was shown to be learnt there.");
        }
        List<String> worse = summary.clientLines(split).stream()
                .filter(l -> l.last() < l.zeroShot())
                .sorted(Comparator.comparingDouble(Line::gain))
                .map(l -> l.name() + " (" + Numbers.points(l.gain()) + ")")
                .toList();
        if (!worse.isEmpty()) {
            lines.add("Worse than before training on the " + Charts.splitName(split) + ", in points: "
                    + Texts.few(worse) + ".");
        }
        Spread zero = summary.zeroShot(split);
        Spread last = summary.last(split);
        if (zero.clients() > 0 && last.clients() > 0 && zero.clients() != last.clients()) {
            lines.add("Zero-shot was measured on " + Numbers.of(zero.clients(), "client", "clients")
                    + ", the last round on " + last.clients() + ": the gain compares different sets.");
        }
        if (zero.clients() == 0) {
            lines.add("Zero-shot was not evaluated, so no gain can be given (`fednano evaluate --round 0`).");
        }
        if (summary.majority(split).clients() == 0) {
            lines.add("The majority answer was not evaluated: nothing tells learning from guessing the usual answer.");
        }
    }

    private void behind(List<String> lines, String split) {
        int evaluated = summary.lastEvaluated(split);
        if (evaluated < summary.lastRound()) {
            lines.add("The last evaluated round is " + evaluated + " of " + summary.lastRound()
                    + ": later rounds are not in the accuracy figures.");
        }
    }

    private void weight(List<String> lines) {
        summary.courses().stream()
                .filter(c -> c.merged() > 0 && summary.courses().size() > 1)
                .filter(c -> c.mergeShare() > 2 * c.rowShare() && c.mergeShare() - c.rowShare() > 0.1)
                .max(Comparator.comparingDouble(ClientCourse::mergeShare))
                .ifPresent(c -> lines.add(c.clientId() + " decided " + Numbers.percent(c.mergeShare())
                        + " of the merge with " + Numbers.percent(c.rowShare())
                        + " of the training rows. A Fisher weight grows with misfit: check that client's data, or compare"
                        + " with the strategies fednano-norm and fedavg."));
    }

    private void cut(List<String> lines) {
        Map<String, Long> cut = summary.cutPrompts();
        if (!cut.isEmpty()) {
            long prompts = cut.values().stream().mapToLong(Long::longValue).sum();
            lines.add(Numbers.of(prompts, "training prompt was", "training prompts were")
                    + " cut to prompt.max_tokens, at " + Texts.few(List.copyOf(cut.keySet()))
                    + ": what stood behind the cut was not learnt from.");
        }
    }

    private void rounds(List<String> lines) {
        List<Round> rounds = summary.trained();
        if (rounds.stream().map(Round::strategy).distinct().count() > 1) {
            lines.add("The strategy changed during the run: its figures do not describe one method.");
        }
        long partial = rounds.stream()
                .filter(r -> r.mergedClients() < r.cohortClients())
                .count();
        if (partial > 0) {
            lines.add(Numbers.of(partial, "round", "rounds") + " of " + rounds.size()
                    + " merged fewer clients than were drawn; see Outcomes.");
        }
        long missed = summary.run().missed().stream()
                .map(c -> c.round() + " " + c.attempt())
                .distinct()
                .count();
        if (missed > 0) {
            lines.add(Numbers.of(missed, "attempt at a round", "attempts at rounds")
                    + " missed the quorum and left the adapter as it was; table clients, column attempt, says why.");
        }
        if (!rounds.isEmpty() && rounds.size() != summary.lastRound()) {
            lines.add("Rows are there for " + rounds.size() + " rounds, the last is round " + summary.lastRound()
                    + ": some rounds have no metrics.");
        }
    }

    private static String ratio(long a, long b) {
        double ratio = (double) a / b;
        return ratio < 10 ? Numbers.decimal(ratio, 1) : Numbers.count(Math.round(ratio));
    }

    private static double accuracy(Line line) {
        return Double.isFinite(line.last()) ? line.last() : line.zeroShot();
    }
}
