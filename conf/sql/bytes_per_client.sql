-- Bytes that each client moved over a run, by kind: features once, then codes or embeddings at each step, and gradients
-- back. Attempts at a round that missed the quorum count too: they were sent.
SELECT
  run_id,
  client_id,
  count(*) AS rounds,
  sum(coalesce(uplink_feature_bytes, 0)) AS feature_bytes,
  sum(coalesce(uplink_code_bytes, 0)) AS code_bytes,
  sum(uplink_activation_bytes - coalesce(uplink_code_bytes, 0)) AS embedding_bytes,
  sum(downlink_gradient_bytes) AS gradient_bytes,
  sum(uplink_adapter_bytes + uplink_fisher_bytes) AS adapter_and_fisher_bytes,
  sum(coalesce(uplink_feature_bytes, 0) + uplink_activation_bytes + uplink_adapter_bytes + uplink_fisher_bytes) AS uplink_bytes,
  sum(downlink_adapter_bytes + downlink_gradient_bytes) AS downlink_bytes,
  round(sum(coalesce(uplink_feature_bytes, 0) + uplink_activation_bytes + downlink_gradient_bytes)
    / nullif(sum(endpoint_samples), 0)) AS split_bytes_per_sample
FROM clients
GROUP BY run_id, client_id
ORDER BY run_id, uplink_bytes DESC, client_id
