package org.fednano.llm.check;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.fednano.adapter.CodeGradients;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.Codes;
import org.fednano.algorithm.LossGradient.CodedResult;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.Wire;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.Reason;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.llm.check.CheckRunner.Skip;
import org.fednano.llm.check.EndpointProbe.Crafted;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.StoreCall;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;

/**
 * The contract's second version, of an endpoint that says it has it: the same numbers as the first, for the run's own
 * features alone, also when the endpoint has let them go.
 */
final class CodedChecks {

    private static final int RANK = 3;
    private static final float SCALE = 0.5f;
    private static final float GRAD_SCALE = 1024;
    private static final String RUN = "endpoint-check-of-one-run";

    private final EndpointUnderTest s;
    private final CodedPrompts prompts;
    private final PromptBatch embeddings;
    private final List<String> ids;

    private CodedChecks(EndpointUnderTest s) {
        this.s = s;
        prompts = coded(s.prompts());
        embeddings = Codes.embeddings(prompts);
        ids = prompts.features().stream().map(Features::id).toList();
    }

    static void add(CheckRunner sheet, EndpointUnderTest s, OipOptions options) {
        if (s.info().version() < Requests.VERSION_2) {
            sheet.add("version 2: features and codes", "as version 1", () -> {
                throw new Skip("info says that the endpoint has version 1 alone");
            });
            return;
        }
        CodedChecks checks = new CodedChecks(s);
        // With a secret drawn anew: a check before this one left nothing that could help.
        String run = "endpoint-check-" + UUID.randomUUID();
        try (OipLlm llm = OipLlm.connect(options.withWire(Wire.CODES).withRun(run))) {
            checks.numbers(sheet, llm);
            checks.lettingGo(sheet, llm, run);
        }
        checks.refusals(sheet);
    }

    /** Short prompts of the endpoint's own rows as features; two matrices, one of them on two modalities. */
    private static CodedPrompts coded(PromptBatch x) {
        Random random = new Random(5);
        int hidden = x.hidden();
        Features[] features = new Features[x.size()];
        int[] upOf = new int[3 * x.size()];
        for (int b = 0; b < features.length; b++) {
            int from = b * x.tokens() * hidden;
            byte[] modality = new byte[x.lengths()[b]];
            for (int t = 0; t < modality.length; t++) {
                modality[t] = (byte) (t % 4);
            }
            features[b] = Features.of(
                    Arrays.copyOfRange(x.embeds(), from, from + modality.length * hidden), modality, hidden);
            System.arraycopy(new int[] {0, 1, b == 1 ? CodedPrompts.NONE : 0}, 0, upOf, 3 * b, 3);
        }
        double size = size(x.embeds());
        float[] codes = normal(random, x.size() * x.tokens() * RANK, 1);
        float[] up = normal(random, 2 * RANK * hidden, 0.2 * size);
        return new CodedPrompts(List.of(features), codes, x.tokens(), RANK, SCALE, up, upOf, 3);
    }

    private static double size(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares / values.length);
    }

    private static float[] normal(Random random, int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    /** Version 1 rounds the embeddings to D, with it or without: up to 5e-4 or 4e-3 of a value, which the model makes more of. */
    private double tolerance() {
        double rounded =
                switch (s.type()) {
                    case FP32 -> 0;
                    case FP16 -> 2e-2;
                    case BF16 -> 1e-1;
                };
        return Math.max(s.tolerance(), rounded);
    }

    private void numbers(CheckRunner sheet, OipLlm llm) {
        sheet.near(
                "version 2: loss is that of version 1",
                tolerance(),
                () -> EndpointUnderTest.distance(
                        llm.loss(prompts, s.answers()).loss(),
                        s.llm().loss(embeddings, s.answers()).loss()));
        for (Wanted wanted : Wanted.values()) {
            String what =
                    switch (wanted) {
                        case SUM -> "sums";
                        case SQUARES -> "squares";
                        case EACH -> "each sample's own";
                    };
            sheet.near(
                    "version 2: gradients are those of version 1, " + what,
                    Math.max(s.gradientTolerance(), tolerance()) * (wanted == Wanted.SQUARES ? 2 : 1),
                    () -> gradients(llm, wanted));
        }
        sheet.near("version 2: score is that of version 1", tolerance(), () -> {
            int[][][] choices = new int[prompts.size()][][];
            int[] known = EndpointUnderTest.known(s.info());
            Arrays.setAll(choices, b -> new int[][] {{known[b], known[b + 1]}, {known[b + 2]}});
            return EndpointUnderTest.distance(
                    sums(llm.score(prompts, choices)), sums(s.llm().score(embeddings, choices)));
        });
        sheet.add("version 2: generate", "one row of tokens a prompt", () -> {
            int[][] tokens = llm.generate(prompts, 3);
            return new Found(
                    tokens.length == prompts.size(), tokens.length + " rows", prompts.size() + " were asked for");
        });
    }

    private double gradients(OipLlm llm, Wanted wanted) {
        CodedResult found = llm.lossGradient(prompts, s.answers(), GRAD_SCALE, wanted);
        Result first = s.llm().lossGradient(embeddings, s.answers(), GRAD_SCALE);
        CodeGradients expected = Codes.gradients(prompts, first.gradient(), wanted);
        double distance = EndpointUnderTest.distance(found.loss(), first.loss());
        float[][] pairs = {
            found.gradients().codes(), expected.codes(),
            found.gradients().up(), expected.up(),
            found.gradients().squares(), expected.squares(),
            found.gradients().each(), expected.each()
        };
        for (int i = 0; i < pairs.length; i += 2) {
            if (pairs[i + 1].length > 0) {
                distance = Math.max(distance, EndpointUnderTest.distance(pairs[i], pairs[i + 1]));
            }
        }
        return distance;
    }

    private static float[] sums(Scores scores) {
        float[] sums = new float[scores.tokens().length * 2];
        for (int i = 0; i < sums.length; i++) {
            sums[i] = (float) scores.logLikelihood()[i / 2][i % 2];
        }
        return sums;
    }

    /** An endpoint that is started anew, or has no room, does so in the middle of an epoch. */
    private void lettingGo(CheckRunner sheet, OipLlm llm, String run) {
        sheet.add("version 2: features travel once", "no byte of them with the second call", () -> {
            llm.loss(prompts, s.answers());
            long before = llm.counters().featureBytes();
            llm.loss(prompts, s.answers());
            long more = llm.counters().featureBytes() - before;
            return new Found(more == 0, more + " bytes", "they were not held, or the store is too small for a batch");
        });
        sheet.near("version 2: let go in mid-epoch, the loss is that of before", tolerance(), () -> {
            float[] before = llm.loss(prompts, s.answers()).loss();
            s.probe().drop(run, s.info());
            return EndpointUnderTest.distance(llm.loss(prompts, s.answers()).loss(), before);
        });
        s.probe().drop(run, s.info());
    }

    private void refusals(CheckRunner sheet) {
        CodedLoss call = new CodedLoss(prompts, s.answers(), GRAD_SCALE, Wanted.SUM);
        Crafted right = s.probe().crafted(call, s.info(), s.type(), RUN);
        StoreCall.Put put = new StoreCall.Put(RUN, prompts.features());
        sheet.add("version 2: features that are not held are missed", Reason.MISS.name(), () -> {
            s.probe().drop(RUN, s.info());
            return miss(right, "nobody has put them");
        });
        sheet.add("version 2: put, then held", "all of them, and a call finds them", () -> {
            Found held = said(put, true);
            Reason found = held.holds() ? s.probe().refusal(right) : null;
            return found == null ? held : new Found(false, found.name(), "they were put just before");
        });
        sheet.add("version 2: held under their run's secret alone", "none, and MISS", () -> {
            Found asked = said(new StoreCall.Have(RUN + "2", ids), false);
            return asked.holds()
                    ? miss(s.probe().crafted(call, s.info(), s.type(), RUN + "2"), "they are another run's")
                    : asked;
        });
        refused(sheet, "a hash that does not fit", () -> {
            float[] x = new float[rows() * s.info().hidden()];
            return s.probe()
                    .crafted(put, s.info(), s.type())
                    .fp32("x", x, rows(), s.info().hidden());
        });
        int size = prompts.size();
        int tokens = prompts.tokens();
        refused(
                sheet,
                "codes of another rank",
                () -> right.fp32("codes", new float[size * tokens * (RANK + 1)], size, tokens, RANK + 1));
        refused(
                sheet,
                "W_up of another H",
                () -> right.fp32(
                        "up",
                        new float[2 * RANK * (s.info().hidden() + 1)],
                        2,
                        RANK,
                        s.info().hidden() + 1));
        refused(
                sheet,
                "codes shorter than the features",
                () -> right.fp32("codes", new float[size * (tokens - 1) * RANK], size, tokens - 1, RANK));
        refused(sheet, "a matrix that is not there", () -> {
            int[] upOf = prompts.upOf().clone();
            upOf[0] = 2;
            return right.ints("up_of", upOf, size, 3);
        });
        refused(sheet, "no run", () -> right.control("run", 7));
        sheet.add("version 2: dropped, then missed", Reason.MISS.name(), () -> {
            s.probe().drop(RUN, s.info());
            return miss(right, "the run that they belonged to was dropped");
        });
    }

    private int rows() {
        return prompts.features().stream().mapToInt(Features::tokens).sum();
    }

    private Found said(StoreCall call, boolean expected) {
        boolean[] held = s.probe().held(call, s.info(), ids.size());
        boolean[] all = new boolean[held.length];
        Arrays.fill(all, expected);
        return new Found(Arrays.equals(held, all), Arrays.toString(held), "each must be held: " + expected);
    }

    private Found miss(Crafted request, String why) {
        Reason found = s.probe().refusal(request);
        return new Found(found == Reason.MISS, found == null ? "answered" : found.name(), "it must be MISS: " + why);
    }

    private void refused(CheckRunner sheet, String what, java.util.function.Supplier<Crafted> request) {
        sheet.add("version 2, refused: " + what, Reason.BAD_REQUEST.name(), () -> {
            Reason found = s.probe().refusal(request.get());
            return new Found(
                    found == Reason.BAD_REQUEST, found == null ? "answered" : found.name(), "it must be BAD_REQUEST");
        });
    }
}
