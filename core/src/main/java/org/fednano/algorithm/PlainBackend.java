package org.fednano.algorithm;

import java.util.List;
import java.util.function.Function;

/** Clients one after the other on the calling thread: the reference that a cluster must match byte for byte. */
public final class PlainBackend implements ClientBackend {

    private final Function<String, ClientData> data;
    private final Function<String, LossGradient> llm;

    /**
     * @param data a client's training rows; called once per client and round
     * @param llm where a client's gradients come from; called once per client and round
     */
    public PlainBackend(Function<String, ClientData> data, Function<String, LossGradient> llm) {
        this.data = data;
        this.llm = llm;
    }

    @Override
    public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
        for (String client : cohort) {
            outcomes.awaitRoom();
            outcomes.accept(ClientOutcome.settle(
                    client, () -> FedNano.clientUpdate(client, round, data.apply(client), llm.apply(client))));
        }
    }
}
