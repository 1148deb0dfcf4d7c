package org.fednano.llm.client;

import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.wire.BatchSplitter;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** One endpoint asked once per request, without retries; calls are cut to its limits. Throws what the endpoint answers. */
final class DirectLlm implements FrozenLlm, BatchSplitter.Asked {

    private final EndpointConnection link;
    private final String modelName;
    private final ServedModel model;
    private final BatchSplitter splitting;

    DirectLlm(EndpointConnection link, OipOptions options, ServedModel model) {
        this.link = link;
        this.model = model;
        modelName = options.modelName();
        splitting = BatchSplitter.of(model.info(), model.type(), options.maxMessage());
    }

    @Override
    public <R> R ask(LlmCall<R> call) {
        return ask(call, model.info().fingerprint());
    }

    /** The same, saying that another model is expected. */
    <R> R ask(LlmCall<R> call, String fingerprint) {
        String what = call.shapes();
        var answer = link.infer(Requests.of(modelName, fingerprint, call, model.type()), what);
        return link.named(
                what,
                () -> Responses.read(answer, call, fingerprint, model.info().hidden(), model.type()));
    }

    private <R> R split(LlmCall<R> call) {
        return splitting.ask(call, this, () -> {});
    }

    @Override
    public LlmInfo info() {
        return model.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return split(new LlmCall.Embed(ids));
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        return split(new PromptLoss(prompts, answers, gradScale));
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return split(new PromptLoss(prompts, answers));
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return split(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return split(new LlmCall.Generate(prompts, maxNew));
    }

    /** The link is another's. */
    @Override
    public void close() {}
}
