package org.fednano.gateway;

import java.time.Duration;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.Settings;

/**
 * How a gateway behaves.
 *
 * @param clientDeadline how long a client may train, from its session's start
 * @param maxInflightBytes of the requests that wait or run, at most; what a joined batch copies comes on top
 * @param inFlight calls or batches under way to the LLM at a time, at most
 * @param batching whether calls of different clients are joined
 * @param maxBatchTokens of a joined batch, padding counted, at most
 * @param maxWait how long the first call of a batch waits for others, at most
 */
public record GatewayOptions(
        Duration clientDeadline,
        long maxInflightBytes,
        int inFlight,
        boolean batching,
        int maxBatchTokens,
        Duration maxWait) {

    /** Of the embedded LLM, unbatched; at least so many, so that one call that hangs does not stop the others. */
    private static final int LEAST_EMBEDDED = 4;

    /** As the settings say. */
    public static GatewayOptions of(Settings settings) {
        return new GatewayOptions(
                settings.get(GatewayKeys.CLIENT_DEADLINE),
                settings.get(GatewayKeys.MAX_INFLIGHT),
                inFlight(settings),
                settings.get(GatewayKeys.BATCHING),
                settings.get(GatewayKeys.MAX_BATCH_TOKENS),
                settings.get(GatewayKeys.MAX_WAIT));
    }

    private static int inFlight(Settings settings) {
        int endpoints = settings.get(EndpointKeys.ADDRESSES).size();
        if (endpoints > 0) {
            return endpoints * settings.get(EndpointKeys.IN_FLIGHT);
        }
        // The embedded LLM takes one gradient at a time: while it works, the next batch fills.
        return settings.get(GatewayKeys.BATCHING)
                ? 1
                : Math.max(LEAST_EMBEDDED, Runtime.getRuntime().availableProcessors());
    }
}
