-- Bytes per round and direction. Adapter and Fisher bytes are what federated tuning exchanges; activation and gradient
-- bytes are what having the LLM elsewhere costs, and usually far more.
SELECT
  run_id,
  round,
  merged_clients,
  downlink_adapter_bytes,
  uplink_adapter_bytes,
  uplink_fisher_bytes,
  uplink_activation_bytes,
  downlink_gradient_bytes,
  downlink_adapter_bytes + downlink_gradient_bytes AS downlink_bytes,
  coalesce(uplink_feature_bytes, 0) AS uplink_feature_bytes,
  uplink_adapter_bytes + uplink_fisher_bytes + uplink_activation_bytes + coalesce(uplink_feature_bytes, 0) AS uplink_bytes,
  round((uplink_activation_bytes + downlink_gradient_bytes) / nullif(endpoint_samples, 0)) AS activation_bytes_per_sample
FROM rounds
ORDER BY run_id, round
