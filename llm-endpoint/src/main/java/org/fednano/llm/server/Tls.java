package org.fednano.llm.server;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/**
 * A server's TLS, from PEM files.
 *
 * @param certificate certificate chain
 * @param key private key (PKCS #8, not encrypted)
 * @param clientCa authority that must have signed a client's certificate; null: any client
 */
public record Tls(Path certificate, Path key, Path clientCa) {

    /**
     * As gRPC wants it.
     *
     * @throws JobException with status 2 if a file cannot be read
     */
    ServerCredentials credentials() {
        requireReadable(certificate, "certificate chain");
        requireReadable(key, "private key");
        try {
            TlsServerCredentials.Builder builder =
                    TlsServerCredentials.newBuilder().keyManager(certificate.toFile(), key.toFile());
            if (clientCa != null) {
                requireReadable(clientCa, "client authority");
                builder.trustManager(clientCa.toFile()).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
            }
            return builder.build();
        } catch (IOException e) {
            throw new JobException(ExitStatus.USAGE, "TLS files cannot be read: " + e.getMessage(), e);
        }
    }

    /** For messages: paths only. */
    String describe() {
        return "certificate " + certificate + ", key " + key
                + (clientCa == null ? "" : ", client authority " + clientCa);
    }

    private static void requireReadable(Path file, String what) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw JobException.usage("TLS " + what + " expected at " + file.toAbsolutePath()
                    + ": found no readable file. Give a PEM file.");
        }
    }
}
