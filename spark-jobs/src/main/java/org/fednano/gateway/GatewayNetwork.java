package org.fednano.gateway;

import java.nio.file.Path;
import java.time.Duration;
import org.fednano.llm.store.FeatureStore;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.Settings;

/**
 * How a gateway listens, and how executors reach it.
 *
 * @param bind address to listen on
 * @param port 0: any free one
 * @param host name or address by which executors reach the driver
 * @param certificate PEM file of its certificate chain; null: no TLS
 * @param key PEM file of its private key; null: no TLS
 * @param ca PEM file of the authority that executors trust; null: Java's own list
 * @param maxMessage bytes of a message at most
 * @param features bounds of the store for what clients send once, where they send features and codes
 */
public record GatewayNetwork(
        String bind,
        int port,
        String host,
        Path certificate,
        Path key,
        Path ca,
        long maxMessage,
        FeatureStore.Limits features) {

    /** Longer than any round: the gateway's end forgets them. */
    private static final Duration KEEP = Duration.ofDays(365);

    /**
     * As the settings say.
     *
     * @param driverHost what Spark calls the driver, where {@code gateway.host} says nothing
     * @param driverBind where Spark's driver listens itself, where {@code gateway.bind} says nothing
     */
    public static GatewayNetwork of(Settings settings, String driverHost, String driverBind) {
        String host = settings.get(GatewayKeys.HOST);
        String bind = settings.get(GatewayKeys.BIND);
        return new GatewayNetwork(
                bind.isEmpty() ? driverBind : bind,
                settings.get(GatewayKeys.PORT),
                host.isEmpty() ? driverHost : host,
                path(settings.get(GatewayKeys.CERTIFICATE)),
                path(settings.get(GatewayKeys.KEY)),
                path(settings.get(GatewayKeys.CA)),
                settings.get(EndpointKeys.MAX_MESSAGE),
                new FeatureStore.Limits(
                        settings.get(GatewayKeys.FEATURES_MEMORY),
                        settings.get(GatewayKeys.FEATURES_DISK),
                        path(settings.get(GatewayKeys.FEATURES_DIR)),
                        KEEP));
    }

    private static Path path(String text) {
        return text.isEmpty() ? null : Path.of(text);
    }
}
