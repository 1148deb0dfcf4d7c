-- Accuracy per category (skill) in each run's last evaluated round, over all clients' samples, beside zero-shot.
WITH per_category AS (
  SELECT
    run_id,
    split,
    category,
    round,
    sum(samples) AS samples,
    sum(correct) / sum(samples) AS accuracy
  FROM evaluations
  WHERE category <> '' AND predictor = 'model'
  GROUP BY run_id, split, category, round
)
SELECT
  run_id,
  split,
  category,
  max_by(round, round) AS last_round,
  max_by(samples, round) AS samples,
  round(max(accuracy) FILTER (WHERE round = 0), 4) AS zero_shot,
  round(max_by(accuracy, round), 4) AS last_accuracy
FROM per_category
GROUP BY run_id, split, category
ORDER BY run_id, split, category
