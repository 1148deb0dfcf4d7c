package org.fednano.llm.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each request that failed, at logger {@code org.fednano.llm.server.failures}: when, which
 * operation, why, its shapes and its seconds. Neither values nor tokens are in it.
 */
public final class FailureLog implements CallListener {

    /** The logger's name. */
    public static final String LOGGER = "org.fednano.llm.server.failures";

    private static final Logger LOG = LoggerFactory.getLogger(LOGGER);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Override
    public void ended(Ended call) {
        if (call.outcome() == Outcome.FAILED && LOG.isInfoEnabled()) {
            LOG.info(line(call, Instant.now()));
        }
    }

    static String line(Ended call, Instant now) {
        ObjectNode line = JSON.createObjectNode()
                .put("time", now.toString())
                .put("op", call.op())
                .put("reason", call.reason().name())
                .put("message", call.message())
                .put("shapes", call.shapes())
                .put("bytes", call.requestBytes())
                .put("queue_seconds", call.queueSeconds())
                .put("compute_seconds", call.computeSeconds());
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Texts and numbers are always JSON", e);
        }
    }
}
