package org.fednano.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** An authority with certificates signed by it, as PEM files, made with the JDK's keytool. */
public final class TestCertificates {

    private static final String PASSWORD = "changeit";

    private static final int YEARS_10 = 3650;

    private final Path folder;
    private final String name;

    /** An authority of its own: what it signs no other one accepts. */
    public TestCertificates(Path folder, String name) {
        this(folder, name, 0, YEARS_10);
    }

    /** The same, valid for so many days, from so many days after today. */
    public TestCertificates(Path folder, String name, int from, int days) {
        this.folder = folder;
        this.name = name;
        pair("ca", from, days, "-ext", "bc:c");
        keytool("-exportcert", "-rfc", "-keystore", store("ca"), "-alias", "ca", "-file", ca().toString());
    }

    /** The authority's certificate. */
    public Path ca() {
        return folder.resolve(name + "-ca.pem");
    }

    public Path certificate(String who) {
        return folder.resolve(name + "-" + who + ".pem");
    }

    public Path key(String who) {
        return folder.resolve(name + "-" + who + ".key");
    }

    /** A key and a certificate for this machine's loopback, signed by the authority. */
    public TestCertificates sign(String who) {
        return sign(who, 0, YEARS_10);
    }

    /** The same, valid for so many days, from so many days after today. */
    public TestCertificates sign(String who, int from, int days) {
        pair(who, 0, YEARS_10);
        String request = folder.resolve(name + "-" + who + ".csr").toString();
        keytool("-certreq", "-keystore", store(who), "-alias", who, "-file", request);
        keytool(
                "-gencert",
                "-rfc",
                "-keystore",
                store("ca"),
                "-alias",
                "ca",
                "-infile",
                request,
                "-outfile",
                certificate(who).toString(),
                "-startdate",
                from(from),
                "-validity",
                String.valueOf(days),
                "-ext",
                "san=dns:localhost,ip:127.0.0.1");
        try (InputStream in = Files.newInputStream(Path.of(store(who)))) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            byte[] key = keys.getKey(who, PASSWORD.toCharArray()).getEncoded();
            Files.writeString(
                    key(who),
                    "-----BEGIN PRIVATE KEY-----\n"
                            + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                                    .encodeToString(key)
                            + "\n-----END PRIVATE KEY-----\n");
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return this;
    }

    private static String from(int days) {
        return (days < 0 ? "" : "+") + days + "d";
    }

    private void pair(String who, int from, int days, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-startdate",
                from(from),
                "-validity",
                String.valueOf(days),
                "-dname",
                "CN=" + name + " " + who,
                "-keystore",
                store(who),
                "-storetype",
                "PKCS12",
                "-alias",
                who));
        arguments.addAll(List.of(more));
        keytool(arguments.toArray(String[]::new));
    }

    private String store(String who) {
        return folder.resolve(name + "-" + who + ".p12").toString();
    }

    private static void keytool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storepass", PASSWORD));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + said);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
