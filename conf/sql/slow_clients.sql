-- Slow or failing clients, the slowest first: how long they train, how much of that they wait for the endpoint, and how
-- often they did not make it into the merge. Attempts at a round that missed the quorum count as rounds of their own.
SELECT
  run_id,
  client_id,
  count(*) AS rounds,
  count_if(outcome NOT IN ('merged', 'unused')) AS not_merged,
  count_if(outcome = 'failed') AS failed,
  count_if(outcome = 'straggler') AS straggler,
  count_if(outcome = 'rejected') AS rejected,
  count_if(outcome = 'missing') AS missing,
  round(avg(train_seconds + fisher_seconds), 2) AS mean_seconds,
  round(max(train_seconds + fisher_seconds), 2) AS max_seconds,
  round(avg(endpoint_seconds / nullif(train_seconds + fisher_seconds, 0)), 3) AS waiting_share,
  round(sum(endpoint_samples) / nullif(sum(train_seconds + fisher_seconds), 0), 1) AS samples_per_second
FROM clients
GROUP BY run_id, client_id
ORDER BY max_seconds DESC NULLS FIRST, run_id, client_id
