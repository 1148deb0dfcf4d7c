package org.fednano.llm.inspect;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.fednano.adapter.AdapterLayout;
import org.fednano.llm.inspect.Part.Holder;

/**
 * Who holds what of a model, and what a federation over it sends.
 *
 * @param model its parts
 * @param layout the NanoAdapters of the settings
 * @param load what is asked
 * @param traffic what that sends
 * @param coded what it sends by features and codes
 */
record Inspection(SplitModel model, AdapterLayout layout, Traffic.Load load, Traffic traffic, CodedTraffic coded) {

    static Inspection of(SplitModel model, AdapterLayout layout, Traffic.Load load) {
        Traffic traffic = Traffic.of(layout, load);
        return new Inspection(model, layout, load, traffic, CodedTraffic.of(layout, load, traffic));
    }

    /** The model's parts and the adapters, as rows of the table. */
    List<Part> parts() {
        List<Part> parts = new ArrayList<>(model.parts());
        parts.add(new Part("NanoAdapters", Holder.CLIENT, layout.size(), (long) Float.BYTES * layout.size()));
        return parts;
    }

    /** Parameters at a client: encoder, connector and adapters. */
    long clientParameters() {
        return model.parameters(Holder.CLIENT) + layout.size();
    }

    /** Part of the model that a client need not hold, 0 to 1; means nothing for a language model alone. */
    double storageReduction() {
        return 1 - (double) clientParameters() / model.parameters();
    }

    /** Adapter values of one upload over the model's parameters. */
    double uploadShare() {
        return (double) layout.size() / model.parameters();
    }

    /** Most bytes of token-embedding rows that a client can come to keep, float32: the whole table. */
    long embeddingTableBytes() {
        return (long) Float.BYTES * model.vocabulary() * model.hidden();
    }

    /** One JSON object; units are in the names. */
    String json() {
        ObjectNode json = JsonMapper.builder().build().createObjectNode();
        json.put("model", model.name())
                .put("counted_from", model.source())
                .put("parameters", model.parameters())
                .put("hidden_size", model.hidden())
                .put("vocabulary", model.vocabulary())
                .put("image_tokens", model.imageTokens());
        var tokens = json.putObject("tokens_per_medium");
        model.tokens().forEach(tokens::put);
        var parts = json.putArray("parts");
        for (Part part : parts()) {
            parts.addObject()
                    .put("name", part.name())
                    .put("held_by", part.holder().text())
                    .put("parameters", part.parameters())
                    .put("stored_bytes", part.storedBytes())
                    .put("memory_bytes", part.memoryBytes());
        }
        json.putObject("client")
                .put("parameters", clientParameters())
                .put("share_of_model", (double) clientParameters() / model.parameters())
                .put("storage_reduction", model.hasEncoder() ? storageReduction() : null)
                .put("token_embedding_bytes_per_row", (long) Float.BYTES * model.hidden())
                .put("token_embedding_bytes_at_most", embeddingTableBytes());
        json.putObject("upload_per_client_and_round")
                .put("adapter_parameters", layout.size())
                .put("adapter_share_of_model", uploadShare())
                .put("adapter_bytes", traffic.uplinkAdapter())
                .put("fisher_bytes", traffic.uplinkFisher());
        json.putObject("load")
                .put("strategy", load.strategy())
                .put("rounds", load.rounds())
                .put("clients_per_round", load.clients())
                .put("samples_per_client", load.samples())
                .put("passes_per_round", load.passes())
                .put("prompt_tokens", load.promptTokens())
                .put("answer_tokens", load.answerTokens())
                .put("activations", load.wire().name());
        json.putObject("traffic")
                .put("step_uplink_bytes_per_sample", traffic.uplinkStep())
                .put("step_downlink_bytes_per_sample", traffic.downlinkStep())
                .put("round_uplink_bytes", Math.round(traffic.uplinkRound()))
                .put("round_downlink_bytes", Math.round(traffic.downlinkRound()))
                .put("run_uplink_bytes", Math.round(traffic.uplinkRun()))
                .put("run_downlink_bytes", Math.round(traffic.downlinkRun()));
        json.putObject("traffic_with_codes")
                .put("feature_bytes_per_sample", coded.uplinkFeatures())
                .put("feature_bytes_per_client", coded.uplinkFeatures() * load.samples())
                .put("step_uplink_bytes_per_sample", Math.round(coded.uplinkStep()))
                .put("step_downlink_bytes_per_sample", Math.round(coded.downlinkStep()))
                .put("run_uplink_bytes", Math.round(coded.uplinkRun()))
                .put("run_downlink_bytes", Math.round(coded.downlinkRun()));
        return json.toPrettyString() + System.lineSeparator();
    }
}
