package org.fednano.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fednano.adapter.NanoAdapters;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.PromptFeatures;

/**
 * Answers samples with an adapter in front of the frozen LLM, in batches: multiple choice by the likeliest choice, free
 * answers by greedy continuation. Batches are filled in shard order, each kind its own, so they never depend on timing.
 */
final class Answering {

    /** A model's answer: the index of a choice, or generated tokens. */
    record Answer(int choice, int[] tokens) {}

    private final EvaluationPlan plan;
    private final FrozenLlm llm;
    private final NanoAdapters adapters;
    private final List<PromptFeatures> choices = new ArrayList<>();
    private final List<PromptFeatures> free = new ArrayList<>();
    private final Map<String, Answer> answers = new HashMap<>();

    Answering(EvaluationPlan plan, FrozenLlm llm) {
        this.plan = plan;
        this.llm = llm;
        this.adapters = NanoAdapters.of(plan.layout());
    }

    void add(PromptFeatures sample) {
        List<PromptFeatures> batch = sample.choices().length > 0 ? choices : free;
        batch.add(sample);
        if (batch.size() == plan.batchSize()) {
            flush(batch);
        }
    }

    /** Answers by sample id, once all samples are added. */
    Map<String, Answer> finish() {
        flush(choices);
        flush(free);
        return answers;
    }

    private void flush(List<PromptFeatures> batch) {
        if (batch.isEmpty()) {
            return;
        }
        PromptBatch prompts = adapters.forward(
                plan.theta(), FeatureBatch.of(batch, plan.layout().hidden())); // (B, T, H)
        if (batch == choices) {
            FrozenLlm.Scores scores = llm.score(
                    prompts, batch.stream().map(PromptFeatures::choices).toArray(int[][][]::new));
            for (int b = 0; b < batch.size(); b++) {
                answers.put(batch.get(b).sampleId(), new Answer(scores.best(b), null));
            }
        } else {
            int[][] tokens = llm.generate(prompts, plan.maxNewTokens());
            for (int b = 0; b < batch.size(); b++) {
                answers.put(batch.get(b).sampleId(), new Answer(-1, tokens[b]));
            }
        }
        batch.clear();
    }
}
