package org.fednano.llm.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of certificates whose time is over, has not come or ends soon, where they are read: the other side says hardly more
 * than that a handshake failed, and a run of weeks would end in the middle.
 */
public final class CertificateDates {

    private static final Logger LOG = LoggerFactory.getLogger(CertificateDates.class);

    /** Long enough to have a new one made. */
    private static final Duration SOON = Duration.ofDays(30);

    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", Pattern.DOTALL);

    /** Told once each: channels are opened by the thousand. */
    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private CertificateDates() {}

    /** Logs {@link #warnings} of now, each once in this JVM. */
    public static void warn(String origin, String pem) {
        warnings(origin, pem, Instant.now()).stream().filter(TOLD::add).forEach(LOG::warn);
    }

    /**
     * What is wrong with the dates of the certificates in a PEM file; what is none is passed over, others complain of it.
     *
     * @param origin the file
     * @param pem its text; keys in it are not looked at
     * @return a sentence for each certificate that is expired, not yet valid, or expires within 30 days
     */
    public static List<String> warnings(String origin, String pem, Instant now) {
        List<String> found = new ArrayList<>();
        for (Matcher block = CERTIFICATE.matcher(pem); block.find(); ) {
            try {
                X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(block.group().getBytes(StandardCharsets.US_ASCII)));
                String trouble = trouble(certificate, now);
                if (trouble != null) {
                    found.add("Certificate " + origin + " (" + certificate.getSubjectX500Principal() + ") " + trouble);
                }
            } catch (CertificateException e) {
                // Not readable: TLS itself will say so.
            }
        }
        return found;
    }

    /** Null: none. */
    private static String trouble(X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        if (now.isAfter(end)) {
            return "expired on " + day(certificate.getNotAfter())
                    + ": others refuse connections that rest on it. Renew it.";
        }
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            return "is not valid before " + day(certificate.getNotBefore())
                    + ": others refuse connections that rest on it until then. Is this machine's clock right?";
        }
        if (now.plus(SOON).isAfter(end)) {
            return "expires on " + day(certificate.getNotAfter()) + ", in "
                    + Duration.between(now, end).toDays() + " days: renew it and start again before then.";
        }
        return null;
    }

    private static LocalDate day(Date date) {
        return LocalDate.ofInstant(date.toInstant(), ZoneOffset.UTC);
    }
}
