package org.fednano.gateway;

import io.grpc.Metadata;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/** Who calls, in a call's metadata. Client ids are URL-encoded: metadata is ASCII. */
record GatewayHeaders(Purpose purpose, int round, String clientId, int attempt) {

    private static final String PURPOSE = "fednano-purpose";
    private static final String ROUND = "fednano-round";
    private static final String CLIENT = "fednano-client";
    private static final String ATTEMPT = "fednano-attempt";

    static GatewayHeaders of(GatewayPass pass) {
        return new GatewayHeaders(pass.purpose(), pass.round(), pass.clientId(), pass.attempt());
    }

    Map<String, String> map() {
        return Map.of(
                PURPOSE,
                purpose.name(),
                ROUND,
                String.valueOf(round),
                CLIENT,
                URLEncoder.encode(clientId, StandardCharsets.UTF_8),
                ATTEMPT,
                String.valueOf(attempt));
    }

    /** @throws LlmException BAD_REQUEST if one is missing or is not what it should be */
    static GatewayHeaders read(Metadata headers) {
        try {
            return new GatewayHeaders(
                    Purpose.valueOf(text(headers, PURPOSE)),
                    Integer.parseInt(text(headers, ROUND)),
                    URLDecoder.decode(text(headers, CLIENT), StandardCharsets.UTF_8),
                    Integer.parseInt(text(headers, ATTEMPT)));
        } catch (IllegalArgumentException e) {
            throw new LlmException(
                    Reason.BAD_REQUEST,
                    "The gateway's headers: expected a purpose, a round's number, an encoded client id and an attempt, got"
                            + " something else");
        }
    }

    private static String text(Metadata headers, String name) {
        String text = headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        LlmException.require(text != null, Reason.BAD_REQUEST, "Header " + name, "a value", "none");
        return text;
    }
}
