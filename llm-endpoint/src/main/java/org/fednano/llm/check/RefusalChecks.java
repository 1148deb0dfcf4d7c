package org.fednano.llm.check;

import java.util.Arrays;
import java.util.function.Supplier;
import org.fednano.llm.LlmCall;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.check.CheckRunner.Found;
import org.fednano.llm.check.CheckRunner.Skip;
import org.fednano.llm.check.EndpointProbe.Crafted;
import org.fednano.llm.client.OipOptions;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Requests that are wrong are refused for the right reason, and do no harm. */
final class RefusalChecks {

    /** A request this large is not worth a check. */
    private static final long MOST_BYTES = 256L << 20;

    private RefusalChecks() {}

    static void add(CheckRunner sheet, EndpointUnderTest s, OipOptions options) {
        float[] before = s.llm().loss(s.prompts(), s.answers()).loss();
        LlmCall<?> call = new PromptLoss(s.prompts(), s.answers(), 1);
        PromptBatch prompts = s.prompts();
        int size = prompts.size();
        int tokens = prompts.tokens();
        int hidden = prompts.hidden();
        Crafted right = s.probe().crafted(call, s.info(), s.type());

        refused(sheet, s, "a tensor missing", Reason.BAD_REQUEST, () -> right.without("answers"));
        refused(
                sheet,
                s,
                "another H",
                Reason.BAD_REQUEST,
                () -> right.floats("embeds", new float[size * tokens * (hidden + 1)], size, tokens, hidden + 1));
        refused(
                sheet,
                s,
                "more answers than prompts",
                Reason.BAD_REQUEST,
                () -> right.ints("answers", new int[size + 1], size + 1, 1));
        refused(sheet, s, "grad_scale not a power of two", Reason.BAD_REQUEST, () -> right.control("grad_scale", 3));
        refused(sheet, s, "a mask with a hole", Reason.MASK, () -> {
            int[] mask = new int[size * tokens];
            Arrays.fill(mask, 1);
            mask[0] = 0;
            return right.ints("mask", mask, size, tokens);
        });
        refused(sheet, s, "an id behind the vocabulary", Reason.TOKEN_RANGE, () -> {
            int[] ids = s.answers().ids().clone();
            ids[0] = s.info().vocabulary();
            return right.ints("answers", ids, size, s.answers().length());
        });
        refused(sheet, s, "a sample without choices", Reason.CHOICE, () -> {
            int[][][] choices = new int[size][1][];
            Arrays.setAll(choices, b -> new int[][] {{EndpointUnderTest.known(s.info())[0]}});
            int[] ids = new int[size];
            Arrays.fill(ids, 1, size, EndpointUnderTest.known(s.info())[0]);
            ids[0] = TokenBatch.PAD;
            return s.probe()
                    .crafted(new LlmCall.Score(prompts, choices), s.info(), s.type())
                    .ints("choices", ids, size, 1, 1);
        });
        refused(sheet, s, "NaN in the embeddings", Reason.NONFINITE_INPUT, () -> {
            float[] embeds = prompts.embeds().clone();
            embeds[hidden / 2] = Float.NaN;
            return right.floats("embeds", embeds, size, tokens, hidden);
        });
        refused(sheet, s, "an unknown operation", Reason.UNKNOWN_OP, () -> right.control("op", "no_such_operation"));
        refused(sheet, s, "another version", Reason.VERSION, () -> right.control("v", 9999));
        refused(
                sheet,
                s,
                "another fingerprint",
                Reason.FINGERPRINT,
                () -> right.control("fp", new StringBuilder(s.info().fingerprint()).reverse() + "0"));
        refused(sheet, s, "too many tokens", Reason.TOO_LARGE, () -> tooLarge(s, options));
        refused(
                sheet,
                s,
                "another model's name",
                Reason.NO_MODEL,
                () -> right.model(options.modelName() + "_that_is_not_there"));
        token(sheet, right, options);
        sheet.near(
                "after all that: the same answer as before",
                s.tolerance(),
                () -> EndpointUnderTest.distance(
                        s.llm().loss(s.prompts(), s.answers()).loss(), before));
    }

    private static void refused(
            CheckRunner sheet, EndpointUnderTest s, String what, Reason reason, Supplier<Crafted> request) {
        sheet.add(
                "refused: " + what, reason.name(), () -> found(reason, s.probe().refusal(request.get())));
    }

    private static Found found(Reason expected, Reason found) {
        return found == null
                ? new Found(false, "answered", "it must be refused")
                : new Found(found == expected, found.name(), "it is refused for another reason");
    }

    private static Crafted tooLarge(EndpointUnderTest s, OipOptions options) {
        int rows = s.info().limits().tokens() / 2 + 1; // each with one token of prompt and one of answer fed
        long bytes = (long) rows * (s.info().hidden() * (long) s.type().bytes() + 16);
        long most = Math.min(
                MOST_BYTES, Math.min(options.maxMessage(), s.info().limits().messageBytes()));
        if (bytes > most) {
            throw new Skip("a request with more than " + s.info().limits().tokens() + " tokens takes " + bytes
                    + " bytes, " + most + " is what may be sent");
        }
        int[] lengths = new int[rows];
        Arrays.fill(lengths, 1);
        int[] answers = new int[2 * rows];
        Arrays.fill(answers, EndpointUnderTest.known(s.info())[0]);
        PromptBatch prompts = new PromptBatch(
                new float[rows * s.info().hidden()], lengths, 1, s.info().hidden());
        return s.probe().crafted(new PromptLoss(prompts, new TokenBatch(answers, 2)), s.info(), s.type());
    }

    private static void token(CheckRunner sheet, Crafted right, OipOptions options) {
        sheet.add("refused: no token", Reason.AUTH.name(), () -> withToken(null, right, options));
        sheet.add("refused: a wrong token", Reason.AUTH.name(), () -> withToken("not-the-token", right, options));
    }

    private static Found withToken(String token, Crafted right, OipOptions options) {
        if (options.token() == null) {
            throw new Skip("no token is configured (--token-file)");
        }
        try (EndpointProbe stranger = EndpointProbe.open(options.withToken(token))) {
            return found(Reason.AUTH, stranger.refusal(right));
        }
    }
}
