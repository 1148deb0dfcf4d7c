package org.fednano.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.fednano.adapter.CodedAdapters;
import org.fednano.adapter.NanoAdapters;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;

/**
 * Answers samples with an adapter in front of the frozen LLM, in batches: multiple choice by the likeliest choice, free
 * answers by greedy continuation. Batches are filled in shard order, each kind its own, so they never depend on timing.
 */
final class BatchAnswerer {

    /** A model's answer to a sample: the index of a choice, or −1 and generated tokens. */
    record Answer(String sampleId, int choice, int[] tokens) {}

    /** A sample that waits for its batch, with its place among all samples. */
    private record Waiting(int place, PromptFeatures sample) {}

    private final EvaluationPlan plan;
    private final FrozenLlm llm;
    private final NanoAdapters adapters;
    private final CodedAdapters coded;
    private final List<Waiting> choices = new ArrayList<>();
    private final List<Waiting> free = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();

    BatchAnswerer(EvaluationPlan plan, FrozenLlm llm) {
        this.plan = plan;
        this.llm = llm;
        this.adapters = NanoAdapters.of(plan.layout());
        this.coded = new CodedAdapters(plan.layout());
    }

    void add(PromptFeatures sample) {
        List<Waiting> batch = sample.choices().length > 0 ? choices : free;
        batch.add(new Waiting(answers.size(), sample));
        answers.add(null);
        if (batch.size() == plan.batchSize()) {
            flush(batch);
        }
    }

    /** Answers in the order in which samples were added. */
    List<Answer> finish() {
        flush(choices);
        flush(free);
        return answers;
    }

    private void flush(List<Waiting> batch) {
        if (batch.isEmpty()) {
            return;
        }
        List<PromptFeatures> samples = batch.stream().map(Waiting::sample).toList();
        FeatureBatch x = FeatureBatch.of(samples, plan.layout().hidden()); // (B, T, H)
        if (batch == choices) {
            int[][][] of = samples.stream().map(PromptFeatures::choices).toArray(int[][][]::new);
            FrozenLlm.Scores scores = codes(x)
                    ? llm.score(coded.forward(plan.theta(), x), of)
                    : llm.score(adapters.forward(plan.theta(), x), of);
            for (int b = 0; b < batch.size(); b++) {
                put(batch.get(b), scores.best(b), null);
            }
        } else {
            int[][] tokens = codes(x)
                    ? llm.generate(coded.forward(plan.theta(), x), plan.maxNewTokens())
                    : llm.generate(adapters.forward(plan.theta(), x), plan.maxNewTokens());
            for (int b = 0; b < batch.size(); b++) {
                put(batch.get(b), -1, tokens[b]);
            }
        }
        batch.clear();
    }

    private boolean codes(FeatureBatch x) {
        return llm.wire().codes(plan.layout(), x.size(), x.prompts().tokens(), plan.uses(), false);
    }

    private void put(Waiting waiting, int choice, int[] tokens) {
        answers.set(waiting.place(), new Answer(waiting.sample().sampleId(), choice, tokens));
    }
}
