-- Runs compared: test accuracy of each run's last evaluated round (mean over clients, each client once), grouped by
-- strategy, with mean and standard deviation over runs (seeds), beside zero-shot and the majority answer.
WITH accuracy AS (
  SELECT run_id, round, predictor, avg(accuracy) AS accuracy
  FROM evaluations
  WHERE category = '' AND split = 'test'
  GROUP BY run_id, round, predictor
),
per_run AS (
  SELECT
    run_id,
    max(round) AS last_round,
    max_by(accuracy, round) FILTER (WHERE predictor = 'model') AS final_accuracy,
    max(accuracy) FILTER (WHERE predictor = 'model' AND round = 0) AS zero_shot,
    max_by(accuracy, round) FILTER (WHERE predictor = 'majority') AS majority
  FROM accuracy
  GROUP BY run_id
),
cost AS (
  SELECT
    run_id,
    first(strategy) AS strategy,
    sum(wall_seconds) AS wall_seconds,
    sum(endpoint_samples) AS endpoint_samples,
    sum(uplink_adapter_bytes + uplink_fisher_bytes) AS uplink_update_bytes
  FROM rounds
  GROUP BY run_id
)
SELECT
  strategy,
  last_round,
  count(*) AS runs,
  round(avg(zero_shot), 4) AS zero_shot,
  round(avg(majority), 4) AS majority,
  round(avg(final_accuracy), 4) AS mean_accuracy,
  round(stddev_samp(final_accuracy), 4) AS spread_over_runs,
  round(avg(endpoint_samples)) AS endpoint_samples,
  round(avg(uplink_update_bytes)) AS uplink_update_bytes,
  round(avg(wall_seconds), 1) AS wall_seconds
FROM per_run JOIN cost USING (run_id)
GROUP BY strategy, last_round
ORDER BY strategy, last_round
