package org.fednano.llm.client;

import java.util.Locale;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.JobException;

/** The hand-shake with one endpoint: whether it is the model that it should be, and its numbers arrive right. */
public final class EndpointHandshake {

    /** Room for low-precision kernels; a wrong mask, sign or scale is far outside. */
    static final double LOSS_TOLERANCE = 0.02;

    static final double SLOPE_TOLERANCE = 0.2;

    /** Well above 1, so that an endpoint that ignores it is seen. */
    static final float GRAD_SCALE = 1024;

    private static final int DIRECTIONS = 8;
    private static final long SEED = 20250615;

    private EndpointHandshake() {}

    /**
     * Shakes hands.
     *
     * @throws LlmException with the endpoint's own reason; NOT_READY while it starts
     * @throws JobException status 3: another model than {@code options} expect, or wrong numbers
     */
    public static ServedModel greet(EndpointConnection link, OipOptions options) {
        boolean full = options.handshake() == OipOptions.Handshake.FULL;
        if (full && !(link.live() && link.ready() && link.modelReady())) {
            throw new LlmException(Reason.NOT_READY, "Endpoint " + link.address() + " says that it is not ready");
        }
        ServedModel model = ServedModel.of(link, options.modelName());
        String expected = options.fingerprint();
        if (expected != null && !expected.equals(model.info().fingerprint())) {
            throw JobException.badInput(
                    "Endpoint " + link.address() + " must have the model with fingerprint " + expected + ": found "
                            + model.text() + ". Point llm.endpoints at the model that this run began with.");
        }
        if (full) {
            DirectLlm llm = new DirectLlm(link, options, model);
            refusesAnotherModel(link, llm, model);
            probe(link, llm, model);
        }
        return model;
    }

    private static void refusesAnotherModel(EndpointConnection link, DirectLlm llm, ServedModel model) {
        try {
            llm.ask(new LlmCall.Embed(new int[] {0}), wrong(model.info().fingerprint()));
        } catch (LlmException e) {
            if (e.reason() == Reason.FINGERPRINT) {
                return;
            }
            throw e;
        }
        throw unsound(link, "it must refuse a request for another model (FINGERPRINT): it answered one");
    }

    /** Another fingerprint of the same length. */
    static String wrong(String fingerprint) {
        return (fingerprint.startsWith("0") ? "1" : "0") + fingerprint.substring(Math.min(1, fingerprint.length()));
    }

    private static void probe(EndpointConnection link, DirectLlm llm, ServedModel model) {
        PromptBatch prompts = NumericProbe.prompts(llm, model.info());
        TokenBatch answers = NumericProbe.answers(model.info());
        Result result = llm.lossGradient(prompts, answers, GRAD_SCALE);
        double pinned = model.info().probe().loss();
        double loss = result.loss()[0];
        if (Math.abs(loss - pinned) > LOSS_TOLERANCE * Math.abs(pinned)) {
            throw unsound(
                    link,
                    text(
                            "the probe's loss must be within %.0f %% of %.6g: got %.6g",
                            100 * LOSS_TOLERANCE, pinned, loss));
        }
        if (!zeroOnPadding(prompts, result.gradient())) {
            throw unsound(link, "the gradient must be zero on padding: it is not");
        }
        NumericProbe.Slope slope =
                NumericProbe.slope(llm, prompts, answers, DIRECTIONS, SEED, GRAD_SCALE, model.type());
        if (!(slope.error() <= SLOPE_TOLERANCE)) {
            throw unsound(
                    link,
                    text(
                            "the gradient along random directions must be within %.0f %% of the loss's finite"
                                    + " difference: it is off by %.3g %% (step %.2g of the embeddings' size)",
                            100 * SLOPE_TOLERANCE, 100 * slope.error(), slope.step()));
        }
    }

    /** Whether (B, T, H) values are zero behind each prompt. */
    static boolean zeroOnPadding(PromptBatch prompts, float[] values) {
        int hidden = prompts.hidden();
        for (int b = 0; b < prompts.size(); b++) {
            for (int i = (b * prompts.tokens() + prompts.lengths()[b]) * hidden;
                    i < (b + 1) * prompts.tokens() * hidden;
                    i++) {
                if (values[i] != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static JobException unsound(EndpointConnection link, String what) {
        return JobException.badInput("Endpoint " + link.address() + " failed the hand-shake: " + what
                + ". 'fednano endpoint check' tells more.");
    }
}
