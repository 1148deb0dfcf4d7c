package org.fednano.llm.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each request that failed, at logger {@code org.fednano.llm.server.failures}: when, which
 * operation, why, its shapes and its seconds. Neither values nor tokens are in it. Of one reason only some lines are
 * written in a while; the next one says how many were left out.
 */
public final class FailureLog implements CallListener {

    /** The logger's name. */
    public static final String LOGGER = "org.fednano.llm.server.failures";

    private static final Logger LOG = LoggerFactory.getLogger(LOGGER);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final LineBudget lines = new LineBudget();

    @Override
    public void ended(Ended call) {
        if (call.outcome() == Outcome.FAILED && LOG.isInfoEnabled()) {
            long leftOut = lines.pass(call.reason(), System.nanoTime());
            if (leftOut >= 0) {
                LOG.info(line(call, Instant.now(), leftOut));
            }
        }
    }

    static String line(Ended call, Instant now) {
        return line(call, now, 0);
    }

    private static String line(Ended call, Instant now, long leftOut) {
        ObjectNode line = JSON.createObjectNode()
                .put("time", now.toString())
                .put("op", call.op())
                .put("reason", call.reason().name())
                .put("message", call.message())
                .put("shapes", call.shapes())
                .put("bytes", call.requestBytes())
                .put("queue_seconds", call.queueSeconds())
                .put("compute_seconds", call.computeSeconds());
        if (leftOut > 0) {
            line.put("left_out", leftOut);
        }
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Texts and numbers are always JSON", e);
        }
    }
}
