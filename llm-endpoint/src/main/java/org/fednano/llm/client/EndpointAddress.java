package org.fednano.llm.client;

import java.net.URI;
import java.net.URISyntaxException;
import org.fednano.settings.JobException;

/**
 * Where an endpoint is.
 *
 * @param tls whether it speaks TLS
 */
public record EndpointAddress(String host, int port, boolean tls) {

    /**
     * @param text grpc://host:port or grpcs://host:port
     * @throws JobException with status 2 if it is anything else
     */
    public static EndpointAddress of(String text) {
        URI uri = null;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            // Told below. The exception's own message would quote the text.
        }
        boolean right = uri != null
                && ("grpc".equals(uri.getScheme()) || "grpcs".equals(uri.getScheme()))
                && uri.getHost() != null
                && uri.getPort() > 0
                && uri.getPort() <= 65535
                && uri.getRawUserInfo() == null
                && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null;
        if (!right) {
            // Someone may have put a token before an @: then the text is not shown.
            throw JobException.usage("An endpoint's address must be grpc://host:port or grpcs://host:port: found "
                    + (text.contains("@") ? "one with an @ (a token belongs in llm.token_file)" : "'" + text + "'")
                    + ".");
        }
        return new EndpointAddress(
                uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort(), "grpcs".equals(uri.getScheme()));
    }

    /** Whether it is surely this machine; a name is not looked up. */
    boolean loopback() {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
    }

    @Override
    public String toString() {
        return (tls ? "grpcs://" : "grpc://") + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
