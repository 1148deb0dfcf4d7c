package org.fednano.sample;

import java.util.Arrays;
import java.util.List;

/**
 * Token ids of B sequences, padded on the right with −1.
 *
 * @param ids (B, L), row-major; shared, not copied
 * @param length L
 */
public record TokenBatch(int[] ids, int length) {

    /** What stands where a sequence has ended. */
    public static final int PAD = -1;

    public TokenBatch {
        if (length < 1 || ids.length % length != 0) {
            throw new IllegalArgumentException("Ids must hold B*L values: got " + ids.length + " for L = " + length);
        }
    }

    /** Pads sequences to the longest. */
    public static TokenBatch of(List<int[]> sequences) {
        int longest =
                Math.max(1, sequences.stream().mapToInt(s -> s.length).max().orElse(1));
        int[] ids = new int[sequences.size() * longest];
        Arrays.fill(ids, PAD);
        for (int b = 0; b < sequences.size(); b++) {
            int[] sequence = sequences.get(b);
            System.arraycopy(sequence, 0, ids, b * longest, sequence.length);
        }
        return new TokenBatch(ids, longest);
    }

    /** Sequences {@code from} to {@code to} − 1. */
    public TokenBatch part(int from, int to) {
        return new TokenBatch(Arrays.copyOfRange(ids, from * length, to * length), length);
    }

    /** Several batches one behind the other, padded to the longest. */
    public static TokenBatch join(List<TokenBatch> batches) {
        int longest = batches.stream().mapToInt(TokenBatch::length).max().orElse(1);
        int size = batches.stream().mapToInt(TokenBatch::size).sum();
        int[] ids = new int[Math.multiplyExact(size, longest)];
        Arrays.fill(ids, PAD);
        int at = 0;
        for (TokenBatch batch : batches) {
            for (int b = 0; b < batch.size(); b++, at += longest) {
                System.arraycopy(batch.ids, b * batch.length, ids, at, batch.length);
            }
        }
        return new TokenBatch(ids, longest);
    }

    /** B. */
    public int size() {
        return ids.length / length;
    }

    /** Tokens of sequence b before its padding. */
    public int count(int b) {
        int n = 0;
        while (n < length && ids[b * length + n] != PAD) {
            n++;
        }
        return n;
    }
}
