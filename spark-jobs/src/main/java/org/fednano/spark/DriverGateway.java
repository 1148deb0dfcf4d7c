package org.fednano.spark;

import org.apache.spark.SparkContext;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.GatewayNetwork;
import org.fednano.gateway.GatewayOptions;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.Settings;

/** The gateway as this Spark context's executors need it. */
public final class DriverGateway {

    private DriverGateway() {}

    /**
     * Opens it: over gRPC if executors are processes of their own or {@code gateway.network} says so.
     *
     * @param llm stays the caller's to close
     * @throws org.fednano.settings.JobException with status 2 if it cannot listen as told
     */
    public static Gateway open(SparkContext spark, Settings settings, FrozenLlm llm) {
        Gateway gateway = new Gateway(llm, GatewayOptions.of(settings));
        try {
            if (!spark.isLocal() || settings.get(GatewayKeys.NETWORK).equals("on")) {
                String host = spark.conf().get("spark.driver.host");
                gateway.listen(GatewayNetwork.of(settings, host, spark.conf().get("spark.driver.bindAddress", host)));
            }
            return gateway;
        } catch (RuntimeException e) {
            gateway.close();
            throw e;
        }
    }
}
