package org.fednano.gateway;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What one client's task shows at the gateway in one round. It travels in that task's own partition and nowhere else, and
 * proves who calls: its key follows from the run's, which never leaves the driver. A secret: nothing prints it.
 *
 * @param purpose what for
 * @param round number of the round
 * @param clientId who
 * @param attempt of the task, from 0
 * @param key of this client, purpose and round
 */
public record GatewayPass(Purpose purpose, int round, String clientId, int attempt, String key)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final String HMAC = "HmacSHA256";

    /** @param runKey the run's */
    static GatewayPass of(String runKey, Purpose purpose, int round, String clientId) {
        return new GatewayPass(purpose, round, clientId, 0, hmac(runKey, purpose + "/" + round + "/" + clientId));
    }

    /** The same for another attempt of the task. */
    public GatewayPass of(int other) {
        return new GatewayPass(purpose, round, clientId, other, key);
    }

    /** The token that stands for all of it. */
    String token() {
        return hmac(key, "attempt/" + attempt);
    }

    /** Whether a token is this pass's; how long it takes tells nothing. */
    boolean isProvedBy(String token) {
        return MessageDigest.isEqual(
                token().getBytes(StandardCharsets.US_ASCII), token.getBytes(StandardCharsets.UTF_8));
    }

    private static String hmac(String key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.US_ASCII), HMAC));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JVM has " + HMAC, e);
        }
    }

    @Override
    public String toString() {
        return "pass of client " + clientId + " for " + purpose + " of round " + round + ", attempt " + attempt;
    }
}
