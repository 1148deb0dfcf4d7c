package org.fednano.llm.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.fednano.digest.Sha256;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** The bearer tokens that are let in. Keeps their hashes only; a look takes the same time whatever the tokens are. */
public final class BearerTokens implements Predicate<String> {

    private final List<byte[]> hashes;

    private BearerTokens(Collection<String> tokens) {
        hashes = tokens.stream().map(BearerTokens::hash).toList();
    }

    /** Lets these in. */
    public static BearerTokens of(String... tokens) {
        return new BearerTokens(List.of(tokens));
    }

    /**
     * Reads a file with one token a line; empty lines are skipped.
     *
     * @throws JobException with status 2 if the file cannot be read or holds no token, or a token holds what an HTTP
     *     header cannot
     */
    public static BearerTokens read(Path file) {
        List<String> tokens;
        try {
            tokens = Files.readAllLines(file, StandardCharsets.UTF_8).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "Token file expected at " + file.toAbsolutePath()
                            + ": found none that can be read as text. Give a file with one bearer token a line.",
                    e);
        }
        if (tokens.isEmpty()) {
            throw JobException.usage("Token file " + file.toAbsolutePath()
                    + " must hold a bearer token, one a line: found none. An empty file would let nobody in.");
        }
        for (int i = 0; i < tokens.size(); i++) {
            if (!tokens.get(i).chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                throw JobException.usage("Token " + (i + 1) + " of " + file.toAbsolutePath()
                        + " must be printable ASCII without spaces: an HTTP header can carry nothing else.");
            }
        }
        return new BearerTokens(tokens);
    }

    /** How many. */
    public int size() {
        return hashes.size();
    }

    @Override
    public boolean test(String token) {
        byte[] hash = hash(token);
        boolean found = false;
        for (byte[] known : hashes) {
            // No early end: how long it takes must not tell which token was near.
            found |= MessageDigest.isEqual(known, hash);
        }
        return found;
    }

    @Override
    public String toString() {
        return hashes.size() + " bearer tokens";
    }

    private static byte[] hash(String token) {
        return Sha256.begin().digest(token.getBytes(StandardCharsets.UTF_8));
    }
}
