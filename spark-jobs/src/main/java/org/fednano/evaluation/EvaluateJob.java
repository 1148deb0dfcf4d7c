package org.fednano.evaluation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.features.ClientRuntime;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.Purpose;
import org.fednano.metrics.EvaluationRow;
import org.fednano.metrics.PredictionRow;
import org.fednano.sample.Answers;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientLocation;
import org.fednano.spark.CohortJob;

/**
 * How well an adapter answers the clients' own test rows, as metric rows; the majority rule's rows beside the model's.
 *
 * @param evaluations per client, split and category
 * @param predictions per client, split and sample
 * @param failures clients that could not be evaluated, with the reason
 */
public record EvaluateJob(
        List<EvaluationRow> evaluations, List<PredictionRow> predictions, Map<String, String> failures) {

    /**
     * Runs the evaluation as a Spark job, one partition per client.
     *
     * @param decode text of generated token ids
     * @param stall how long a client may show no progress
     * @throws JobException with status 5 if the endpoint is not available, or with the first client's status if no
     *     client could be evaluated
     */
    public static EvaluateJob run(
            JavaSparkContext spark,
            ClientRuntime access,
            Gateway gateway,
            EvaluationPlan plan,
            List<ClientLocation> clients,
            Function<int[], String> decode,
            Duration stall) {
        Map<String, EvaluateTask.Result> results = new ConcurrentSkipListMap<>();
        Broadcast<EvaluationPlan> broadcast = spark.broadcast(plan);
        gateway.begin(
                Purpose.EVALUATE,
                plan.round(),
                clients.stream().map(ClientLocation::id).toList());
        try {
            CohortJob.run(
                    spark.sc(),
                    "fednano-evaluate-" + plan.round(),
                    "FedNano evaluation of round " + plan.round() + " · " + clients.size() + " clients",
                    clients,
                    client -> gateway.pass(Purpose.EVALUATE, plan.round(), client),
                    new EvaluateTask(access, broadcast, stall),
                    (EvaluateTask.Result result) -> {
                        gateway.left(Purpose.EVALUATE, plan.round(), result.clientId());
                        results.put(result.clientId(), result);
                    });
        } finally {
            gateway.end(Purpose.EVALUATE, plan.round());
            broadcast.destroy();
        }
        return rows(results, decode);
    }

    private static EvaluateJob rows(Map<String, EvaluateTask.Result> results, Function<int[], String> decode) {
        List<EvaluationRow> evaluations = new ArrayList<>();
        List<PredictionRow> predictions = new ArrayList<>();
        Map<String, String> failures = new TreeMap<>();
        for (EvaluateTask.Result result : results.values()) {
            if (result.status() == ExitStatus.ENDPOINT_UNAVAILABLE) {
                throw new JobException(result.status(), result.error());
            }
            if (result.status() != ExitStatus.DONE) {
                failures.put(result.clientId(), result.error());
            }
            for (EvaluateTask.SplitAnswers split : result.splits()) {
                List<PredictionRow> rows = new ArrayList<>();
                split.answers().forEach(a -> rows.addAll(predictions(result.clientId(), split, a, decode)));
                predictions.addAll(rows);
                evaluations.addAll(counts(result.clientId(), split, rows));
            }
        }
        if (!results.isEmpty() && failures.size() == results.size()) {
            EvaluateTask.Result first = results.values().iterator().next();
            throw new JobException(
                    first.status(),
                    "No client could be evaluated; the first one, " + first.clientId() + ": " + first.error());
        }
        return new EvaluateJob(List.copyOf(evaluations), List.copyOf(predictions), failures);
    }

    private static List<PredictionRow> predictions(
            String clientId, EvaluateTask.SplitAnswers split, AnsweredSample answer, Function<int[], String> decode) {
        String predicted = answer.generated() == null ? answer.predicted() : decode.apply(answer.generated());
        boolean correct =
                answer.generated() == null ? answer.correctChoice() : Answers.match(predicted, answer.expected());
        return List.of(
                row(clientId, split, answer, EvaluationRow.MODEL, predicted, correct),
                row(
                        clientId,
                        split,
                        answer,
                        EvaluationRow.MAJORITY,
                        answer.majority(),
                        Answers.match(answer.majority(), answer.expected())));
    }

    private static PredictionRow row(
            String clientId,
            EvaluateTask.SplitAnswers split,
            AnsweredSample answer,
            String predictor,
            String predicted,
            boolean correct) {
        return new PredictionRow(
                clientId,
                split.split().text(),
                answer.sampleId(),
                answer.category(),
                predictor,
                predicted,
                answer.expected(),
                correct);
    }

    /** Rows per predictor: the whole split first, then each category. */
    private static List<EvaluationRow> counts(
            String clientId, EvaluateTask.SplitAnswers split, List<PredictionRow> rows) {
        List<EvaluationRow> counted = new ArrayList<>();
        for (String predictor : List.of(EvaluationRow.MODEL, EvaluationRow.MAJORITY)) {
            Map<String, int[]> byCategory = new TreeMap<>(); // {samples, correct}
            byCategory.put(EvaluationRow.ALL, new int[2]);
            for (PredictionRow row : rows) {
                if (row.predictor().equals(predictor)) {
                    count(byCategory.get(EvaluationRow.ALL), row);
                    if (!row.category().isEmpty()) {
                        count(byCategory.computeIfAbsent(row.category(), c -> new int[2]), row);
                    }
                }
            }
            Double seconds = predictor.equals(EvaluationRow.MODEL) ? split.seconds() : null;
            byCategory.forEach((category, n) -> counted.add(new EvaluationRow(
                    clientId,
                    split.split().text(),
                    category,
                    predictor,
                    n[0],
                    n[1],
                    category.equals(EvaluationRow.ALL) ? seconds : null)));
        }
        return counted;
    }

    private static void count(int[] samplesAndCorrect, PredictionRow row) {
        samplesAndCorrect[0]++;
        samplesAndCorrect[1] += row.correct() ? 1 : 0;
    }

    /**
     * Mean over clients of a predictor's accuracy on a split, 0 to 1.
     *
     * @return NaN if no client has the split
     */
    public double meanAccuracy(String split, String predictor) {
        return evaluations.stream()
                .filter(r -> r.split().equals(split)
                        && r.predictor().equals(predictor)
                        && r.category().equals(EvaluationRow.ALL))
                .mapToDouble(EvaluationRow::accuracy)
                .average()
                .orElse(Double.NaN);
    }
}
