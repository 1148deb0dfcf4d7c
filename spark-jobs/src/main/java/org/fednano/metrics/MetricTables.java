package org.fednano.metrics;

import static org.fednano.metrics.Column.Type.BOOLEAN;
import static org.fednano.metrics.Column.Type.DOUBLE;
import static org.fednano.metrics.Column.Type.INT;
import static org.fednano.metrics.Column.Type.LONG;
import static org.fednano.metrics.Column.Type.STRING;
import static org.fednano.metrics.Column.Type.TIMESTAMP;

import java.util.List;

/**
 * The four metric tables, each column described once. A column is never renamed or retyped, only added, and a new one
 * goes to the end.
 */
public final class MetricTables {

    /** One row per committed round. */
    public static final MetricTable<RoundRow> ROUNDS = new MetricTable<>(
            "rounds",
            "A committed round. Round 0 is the initial adapter (the identity): it trains nothing and moves nothing.",
            List.of(),
            List.of(
                    new Column<>("strategy", STRING, "", "Strategy of the run.", RoundRow::strategy),
                    new Column<>("seed", LONG, "", "Seed of the run.", RoundRow::seed),
                    new Column<>("started_at", TIMESTAMP, "UTC", "When the round began.", RoundRow::startedAt),
                    new Column<>(
                            "wall_seconds",
                            DOUBLE,
                            "s",
                            "From the round's begin to its merged adapter, without evaluation.",
                            RoundRow::wallSeconds),
                    new Column<>(
                            "cohort_clients", INT, "clients", "Clients drawn for the round.", RoundRow::cohortClients),
                    new Column<>(
                            "merged_clients",
                            INT,
                            "clients",
                            "Clients whose update was merged.",
                            RoundRow::mergedClients),
                    new Column<>(
                            "failed_clients",
                            INT,
                            "clients",
                            "Clients whose code or data failed.",
                            RoundRow::failedClients),
                    new Column<>(
                            "straggler_clients",
                            INT,
                            "clients",
                            "Clients that ran past their deadline.",
                            RoundRow::stragglerClients),
                    new Column<>(
                            "rejected_clients",
                            INT,
                            "clients",
                            "Clients whose update held NaN, infinity or an absurd norm.",
                            RoundRow::rejectedClients),
                    new Column<>(
                            "missing_clients",
                            INT,
                            "clients",
                            "Clients that never answered.",
                            RoundRow::missingClients),
                    new Column<>(
                            "first_epoch_loss",
                            DOUBLE,
                            "nats",
                            "Training loss of the first local epoch: mean over merged clients, weighted by n_k; null for"
                                    + " round 0.",
                            RoundRow::firstEpochLoss),
                    new Column<>(
                            "last_epoch_loss",
                            DOUBLE,
                            "nats",
                            "The same of the last local epoch; equal to the first one if there is one epoch.",
                            RoundRow::lastEpochLoss),
                    new Column<>(
                            "update_norm", DOUBLE, "", "L2 norm of the merged change θ' − θ.", RoundRow::updateNorm),
                    new Column<>(
                            "downlink_adapter_bytes",
                            LONG,
                            "bytes",
                            "Global adapter sent to clients, over all of the cohort.",
                            RoundRow::downlinkAdapterBytes),
                    new Column<>(
                            "uplink_adapter_bytes",
                            LONG,
                            "bytes",
                            "Adapters received from clients.",
                            RoundRow::uplinkAdapterBytes),
                    new Column<>(
                            "uplink_fisher_bytes",
                            LONG,
                            "bytes",
                            "Fisher diagonals received from clients, or what else the strategy has them send beside the adapter.",
                            RoundRow::uplinkFisherBytes),
                    new Column<>(
                            "uplink_activation_bytes",
                            LONG,
                            "bytes",
                            "Prompt embeddings, or with llm.wire 2 codes and W_up, and answer ids, sent by clients to the gateway.",
                            RoundRow::uplinkActivationBytes),
                    new Column<>(
                            "downlink_gradient_bytes",
                            LONG,
                            "bytes",
                            "Losses and gradients, of embeddings or of codes and W_up, sent back to clients by the gateway.",
                            RoundRow::downlinkGradientBytes),
                    new Column<>(
                            "endpoint_samples",
                            LONG,
                            "samples",
                            "Samples that the LLM endpoint worked on for training and Fisher passes.",
                            RoundRow::endpointSamples),
                    new Column<>(
                            "endpoint_seconds",
                            DOUBLE,
                            "s",
                            "Time that clients waited for the endpoint, summed over clients (they wait side by side, so"
                                    + " it may exceed wall_seconds).",
                            RoundRow::endpointSeconds),
                    new Column<>(
                            "adapter_sha256",
                            STRING,
                            "hex",
                            "SHA-256 of the round's adapter.safetensors.",
                            RoundRow::adapterSha256),
                    new Column<>(
                            "uplink_feature_bytes",
                            LONG,
                            "bytes",
                            "Prompts' features sent to the endpoint with llm.wire 2, once and again where it had let them go; else"
                                    + " 0.",
                            RoundRow::uplinkFeatureBytes),
                    new Column<>(
                            "clamped_values",
                            INT,
                            "values",
                            "Values that merger.clamp held within the clients' range: of the merged adapter, or of the mean change that"
                                    + " a server's optimiser was given; 0 if it is off.",
                            RoundRow::clampedValues)));

    /** One row per client of a round's cohort. */
    public static final MetricTable<ClientRow> CLIENTS = new MetricTable<>(
            "clients",
            "A client's part in a committed round, or in an attempt at one that missed its quorum; `WHERE attempt IS NULL`"
                    + " leaves the latter out.",
            List.of("attempt", "client_id"),
            List.of(
                    new Column<>("client_id", STRING, "", "The client.", ClientRow::clientId),
                    new Column<>(
                            "outcome",
                            STRING,
                            "",
                            "merged, failed, straggler, rejected (update held NaN, infinity or an absurd norm, or points against all others'), missing"
                                    + " (never answered) or unused (sound, but the round missed its quorum).",
                            r -> r.outcome().text()),
                    new Column<>(
                            "detail",
                            STRING,
                            "",
                            "Why the outcome is not merged, or that it was weighed down; else empty.",
                            ClientRow::detail),
                    new Column<>(
                            "training_rows",
                            INT,
                            "samples",
                            "Training rows n_k; null if it sent no update.",
                            ClientRow::trainingRows),
                    new Column<>(
                            "first_epoch_loss",
                            DOUBLE,
                            "nats",
                            "Mean training loss of its first local epoch, per answer token; null if it sent no update.",
                            ClientRow::firstEpochLoss),
                    new Column<>(
                            "last_epoch_loss",
                            DOUBLE,
                            "nats",
                            "The same of its last local epoch.",
                            ClientRow::lastEpochLoss),
                    new Column<>(
                            "steps", INT, "steps", "Optimiser steps; null if it sent no update.", ClientRow::steps),
                    new Column<>(
                            "endpoint_samples",
                            LONG,
                            "samples",
                            "Samples it sent to the endpoint, Fisher pass included; null if it sent no update.",
                            ClientRow::endpointSamples),
                    new Column<>(
                            "train_seconds",
                            DOUBLE,
                            "s",
                            "Wall time of its local epochs; null if it sent no update.",
                            ClientRow::trainSeconds),
                    new Column<>(
                            "fisher_seconds",
                            DOUBLE,
                            "s",
                            "Wall time of its extra Fisher pass; 0 if the strategy has none.",
                            ClientRow::fisherSeconds),
                    new Column<>(
                            "endpoint_seconds",
                            DOUBLE,
                            "s",
                            "Part of train_seconds and fisher_seconds spent waiting for the endpoint.",
                            ClientRow::endpointSeconds),
                    new Column<>(
                            "merge_weight_share",
                            DOUBLE,
                            "0 to 1",
                            "Its share of the merge weight, mean over coordinates; the merged clients' shares sum to 1;"
                                    + " null if it was not merged.",
                            ClientRow::mergeWeightShare),
                    new Column<>(
                            "update_norm",
                            DOUBLE,
                            "",
                            "L2 norm of its change θ_k − θ; null if it sent none, NaN or infinite if that is why it was"
                                    + " rejected.",
                            ClientRow::updateNorm),
                    new Column<>(
                            "fisher_mean",
                            DOUBLE,
                            "",
                            "Mean coordinate of its Fisher diagonal; null if the strategy uploads none.",
                            ClientRow::fisherMean),
                    new Column<>(
                            "downlink_adapter_bytes",
                            LONG,
                            "bytes",
                            "Global adapter sent to it.",
                            ClientRow::downlinkAdapterBytes),
                    new Column<>("uplink_adapter_bytes", LONG, "bytes", "Its adapter.", ClientRow::uplinkAdapterBytes),
                    new Column<>(
                            "uplink_fisher_bytes",
                            LONG,
                            "bytes",
                            "Its Fisher diagonal, or what else the strategy has it send beside the adapter.",
                            ClientRow::uplinkFisherBytes),
                    new Column<>(
                            "uplink_activation_bytes",
                            LONG,
                            "bytes",
                            "Prompt embeddings, or with llm.wire 2 codes and W_up, and answer ids it sent to the gateway.",
                            ClientRow::uplinkActivationBytes),
                    new Column<>(
                            "downlink_gradient_bytes",
                            LONG,
                            "bytes",
                            "Losses and gradients, of embeddings or of codes and W_up, sent back to it.",
                            ClientRow::downlinkGradientBytes),
                    new Column<>(
                            "gateway_wait_seconds",
                            DOUBLE,
                            "s",
                            "Part of endpoint_seconds that its calls waited in the gateway: for room, for their turn or for"
                                    + " other clients' calls to join.",
                            ClientRow::gatewayWaitSeconds),
                    new Column<>(
                            "cut_prompts",
                            LONG,
                            "prompts",
                            "Training rows whose prompt was cut to prompt.max_tokens; null if it sent no update.",
                            ClientRow::cutPrompts),
                    new Column<>(
                            "newest_data",
                            STRING,
                            "",
                            "Date of the newest dated folder that the round used of a catalogue's client, as 2026-01-31; null if"
                                    + " it used none.",
                            ClientRow::newestData),
                    new Column<>(
                            "attempt",
                            INT,
                            "",
                            "Which attempt at the round it was, from 1, if that missed its quorum and nothing of it was"
                                    + " committed; null for the one that was committed.",
                            ClientRow::attempt),
                    new Column<>(
                            "update_cosine",
                            DOUBLE,
                            "-1 to 1",
                            "Cosine of its change with the sum of the others', each with length 1; null if it sent none, was"
                                    + " rejected for another reason, or if merger.min_cosine is -1.",
                            ClientRow::updateCosine),
                    new Column<>(
                            "uplink_feature_bytes",
                            LONG,
                            "bytes",
                            "Features of its prompts that the endpoint was sent with llm.wire 2, once and again where it had let them"
                                    + " go; else 0.",
                            ClientRow::uplinkFeatureBytes),
                    new Column<>(
                            "uplink_code_bytes",
                            LONG,
                            "bytes",
                            "Part of uplink_activation_bytes that were codes, W_up and the answer ids with them: all of it with llm.wire 2,"
                                    + " none with 1, some with auto.",
                            ClientRow::uplinkCodeBytes)));

    /** One row per client, split, category and predictor. */
    public static final MetricTable<EvaluationRow> EVALUATIONS = new MetricTable<>(
            "evaluations",
            "How well a predictor answered one client's split, or one category of it, with the round's adapter. Round 0"
                    + " is zero-shot.",
            List.of("client_id", "split", "category", "predictor"),
            List.of(
                    new Column<>(
                            "client_id", STRING, "", "The client whose rows were answered.", EvaluationRow::clientId),
                    new Column<>(
                            "split",
                            STRING,
                            "",
                            "val, test (the client's own answer frequencies) or balanced.",
                            EvaluationRow::split),
                    new Column<>(
                            "category",
                            STRING,
                            "",
                            "A category (skill) of the split; empty: all of the split.",
                            EvaluationRow::category),
                    new Column<>(
                            "predictor",
                            STRING,
                            "",
                            "model, or majority (the category's most frequent training answer of that client).",
                            EvaluationRow::predictor),
                    new Column<>("samples", INT, "samples", "Samples answered.", EvaluationRow::samples),
                    new Column<>("correct", INT, "samples", "Samples answered correctly.", EvaluationRow::correct),
                    new Column<>(
                            "accuracy",
                            DOUBLE,
                            "0 to 1",
                            "correct / samples; null without samples.",
                            EvaluationRow::accuracy),
                    new Column<>(
                            "wall_seconds",
                            DOUBLE,
                            "s",
                            "Time to answer the client's split; null where it was not measured alone.",
                            EvaluationRow::wallSeconds)));

    /** One row per answered sample. */
    public static final MetricTable<PredictionRow> PREDICTIONS = new MetricTable<>(
            "predictions",
            "One predictor's answer to one sample of an evaluated split.",
            List.of("client_id", "split", "sample_id", "predictor"),
            List.of(
                    new Column<>("client_id", STRING, "", "The client that owns the sample.", PredictionRow::clientId),
                    new Column<>("split", STRING, "", "val, test or balanced.", PredictionRow::split),
                    new Column<>("sample_id", STRING, "", "The sample, as in the shard.", PredictionRow::sampleId),
                    new Column<>("category", STRING, "", "The sample's category (skill).", PredictionRow::category),
                    new Column<>("predictor", STRING, "", "model or majority.", PredictionRow::predictor),
                    new Column<>("predicted", STRING, "", "The answer given.", PredictionRow::predicted),
                    new Column<>("expected", STRING, "", "The answer in the data.", PredictionRow::expected),
                    new Column<>(
                            "correct",
                            BOOLEAN,
                            "",
                            "Whether the two agree (free answers after normalisation).",
                            PredictionRow::correct)));

    /** All tables, in the order of the documentation. */
    public static final List<MetricTable<?>> ALL = List.of(ROUNDS, CLIENTS, EVALUATIONS, PREDICTIONS);

    private MetricTables() {}
}
