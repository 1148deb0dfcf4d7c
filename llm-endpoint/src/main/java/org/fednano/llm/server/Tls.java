package org.fednano.llm.server;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.fednano.llm.tls.CertificateDates;
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
     * As gRPC wants it. Warns of certificates that are expired or soon will be.
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
            requirePair();
            warnOfDates(certificate);
            if (clientCa != null) {
                warnOfDates(clientCa);
            }
            return builder.build();
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "TLS cannot be set up with " + describe()
                            + ": expected PEM files with a certificate chain and its unencrypted PKCS #8 key.",
                    e);
        } catch (IOException e) {
            throw new JobException(ExitStatus.USAGE, "TLS files cannot be read: " + e.getMessage(), e);
        }
    }

    private static void warnOfDates(Path file) throws IOException {
        CertificateDates.warn(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
    }

    /** A key of another certificate would be noticed by the first caller only, and told to nobody. */
    private void requirePair() throws IOException, GeneralSecurityException {
        PublicKey held;
        try (InputStream in = Files.newInputStream(certificate)) {
            held = CertificateFactory.getInstance("X.509")
                    .generateCertificate(in)
                    .getPublicKey();
        }
        String pem = Files.readString(key, StandardCharsets.US_ASCII);
        byte[] encoded = Base64.getMimeDecoder().decode(pem.replaceAll("(?m)^-----.*$", ""));
        PrivateKey secret =
                KeyFactory.getInstance(held.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        Signature signature = Signature.getInstance(
                switch (held.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    default -> held.getAlgorithm();
                });
        byte[] text = {1, 2, 3};
        signature.initSign(secret);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(held);
        signature.update(text);
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("The key is not the certificate's");
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
