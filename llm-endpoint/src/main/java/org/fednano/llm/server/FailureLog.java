package org.fednano.llm.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import org.fednano.llm.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each request that failed, at logger {@code org.fednano.llm.server.failures}: when, which
 * operation, why, its shapes and its seconds. Neither values nor tokens are in it. Of one reason only some lines are
 * written in a while; the next one says how many were left out.
 */
public final class FailureLog implements CallListener {

    private static final int LINES = 10;
    private static final long WHILE_NANOS = 10_000_000_000L;

    /** The logger's name. */
    public static final String LOGGER = "org.fednano.llm.server.failures";

    private static final Logger LOG = LoggerFactory.getLogger(LOGGER);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Map<Reason, Lines> written = new EnumMap<>(Reason.class);

    private static final class Lines {
        private long since;
        private int count;
        private long leftOut;
    }

    @Override
    public void ended(Ended call) {
        if (call.outcome() == Outcome.FAILED && LOG.isInfoEnabled()) {
            long leftOut = pass(call.reason(), System.nanoTime());
            if (leftOut >= 0) {
                LOG.info(line(call, Instant.now(), leftOut));
            }
        }
    }

    /** How many lines of a reason were left out since the last one; -1 if this one is left out too. */
    synchronized long pass(Reason reason, long nanoTime) {
        Lines lines = written.computeIfAbsent(reason, r -> new Lines());
        if (lines.count == 0 || nanoTime - lines.since > WHILE_NANOS) {
            lines.since = nanoTime;
            lines.count = 0;
        }
        if (lines.count == LINES) {
            lines.leftOut++;
            return -1;
        }
        lines.count++;
        long leftOut = lines.leftOut;
        lines.leftOut = 0;
        return leftOut;
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
