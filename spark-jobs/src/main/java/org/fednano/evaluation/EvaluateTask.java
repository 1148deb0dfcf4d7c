package org.fednano.evaluation;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.features.ClientRuntime;
import org.fednano.gateway.GatewayPass;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientStore;
import org.fednano.spark.CohortJob;
import org.fednano.spark.StallGuard;

/**
 * One client's evaluation, on an executor: its own test rows, its own training answers for the majority rule.
 *
 * @param stall how long it may show no progress
 */
record EvaluateTask(ClientRuntime access, Broadcast<EvaluationPlan> broadcast, Duration stall)
        implements CohortJob.ClientTask<EvaluateTask.Result> {

    /** One split's answers. */
    record SplitAnswers(Split split, List<AnsweredSample> answers, double seconds) implements Serializable {}

    /** What a client's task sends back; {@code error} is empty if all went well. */
    record Result(String clientId, List<SplitAnswers> splits, ExitStatus status, String error)
            implements Serializable {}

    @Override
    public Result run(ClientLocation client, GatewayPass pass) {
        String id = client.id();
        try {
            StallGuard guard = new StallGuard(id, RunKeys.STALL_TIMEOUT, stall, "it is evaluated");
            return client.guard(() -> guard.run(progress -> {
                try (ClientStore folder = access.open(client)) {
                    return new Result(id, answer(client, pass, folder, progress), ExitStatus.DONE, "");
                }
            }));
        } catch (JobException e) {
            return new Result(id, List.of(), e.status(), e.getMessage());
        } catch (Exception e) {
            return new Result(id, List.of(), ExitStatus.FAILED, e.toString());
        }
    }

    private List<SplitAnswers> answer(ClientLocation client, GatewayPass pass, ClientStore folder, Runnable progress) {
        EvaluationPlan plan = broadcast.value();
        MajorityBaseline majority = new MajorityBaseline();
        folder.rows().readTexts(Split.TRAIN, row -> {
            majority.add(row);
            progress.run();
            return true;
        });
        List<SplitAnswers> splits = new ArrayList<>();
        try (FrozenLlm llm = access.llm(pass)) {
            for (Split split : plan.splits()) {
                long start = System.nanoTime();
                BatchAnswerer answering = new BatchAnswerer(plan, llm);
                access.features(client, folder, split, plan.maxSamples(), llm, row -> {
                    answering.add(row);
                    progress.run();
                });
                List<BatchAnswerer.Answer> all = answering.finish();
                progress.run();
                List<AnsweredSample> answers = join(client, folder, split, all, majority);
                if (!answers.isEmpty()) {
                    splits.add(new SplitAnswers(split, answers, (System.nanoTime() - start) / 1e9));
                }
            }
        }
        return splits;
    }

    /** Puts the model's answers beside the rows' texts, in shard order. */
    private List<AnsweredSample> join(
            ClientLocation client,
            ClientStore folder,
            Split split,
            List<BatchAnswerer.Answer> answers,
            MajorityBaseline majority) {
        int most = broadcast.value().maxSamples();
        List<AnsweredSample> joined = new ArrayList<>();
        folder.rows().readTexts(split, row -> {
            if (joined.size() == most) {
                return false;
            }
            BatchAnswerer.Answer answer = joined.size() < answers.size() ? answers.get(joined.size()) : null;
            if (answer == null || !answer.sampleId().equals(row.sampleId())) {
                throw JobException.badInput("Features of sample " + row.sampleId() + " expected at row " + joined.size()
                        + " of client " + client.id() + ", split " + split.text() + ": found "
                        + (answer == null ? "none" : "those of " + answer.sampleId())
                        + ". The shard changed under its features; run `fednano encode` again.");
            }
            joined.add(answered(row, answer, majority));
            return true;
        });
        return joined;
    }

    private static AnsweredSample answered(Sample row, BatchAnswerer.Answer answer, MajorityBaseline majority) {
        boolean chosen = answer.tokens() == null;
        return new AnsweredSample(
                row.sampleId(),
                row.category(),
                row.answer(),
                chosen ? row.choices().get(answer.choice()) : null,
                answer.tokens(),
                chosen && answer.choice() == row.answerIndex(),
                majority.answer(row.category(), row.choices()));
    }
}
