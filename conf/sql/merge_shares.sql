-- Who made the merged adapter: each client's share of the merge weight, beside its share of the training rows. A ratio
-- far above 1 is a client that the Fisher weighting favours, often because it fits its own data badly.
SELECT
  run_id,
  round,
  client_id,
  training_rows,
  round(merge_weight_share, 4) AS merge_weight_share,
  round(training_rows / sum(training_rows) OVER (PARTITION BY run_id, round), 4) AS rows_share,
  round(merge_weight_share * sum(training_rows) OVER (PARTITION BY run_id, round) / nullif(training_rows, 0), 3)
    AS favour,
  fisher_mean,
  update_norm,
  last_epoch_loss
FROM clients
WHERE outcome = 'merged'
ORDER BY run_id, round, merge_weight_share DESC
