-- Accuracy per round: mean over clients (each client counts once, however many samples it has), with the spread between
-- clients and, beside it, the majority answer. Round 0 is zero-shot.
SELECT
  run_id,
  split,
  round,
  count(DISTINCT client_id) AS clients,
  round(avg(accuracy) FILTER (WHERE predictor = 'model'), 4) AS mean_accuracy,
  round(stddev_samp(accuracy) FILTER (WHERE predictor = 'model'), 4) AS spread_between_clients,
  round(min(accuracy) FILTER (WHERE predictor = 'model'), 4) AS worst_client,
  round(avg(accuracy) FILTER (WHERE predictor = 'majority'), 4) AS majority_accuracy
FROM evaluations
WHERE category = ''
GROUP BY run_id, split, round
ORDER BY run_id, split, round
