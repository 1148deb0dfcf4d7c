package org.fednano.sample;

import java.util.Arrays;
import java.util.List;

/**
 * Prompts as frozen features and what an adapter of low rank adds to them: a token's embedding is x + s · code · W_up, where
 * W_up depends on the sample and the token's modality. Small beside their embeddings, once the features are where they
 * are needed.
 *
 * @param features (B)
 * @param codes (B, T, R): x W_down; zeros on padding and where no adapter is
 * @param tokens T
 * @param rank R
 * @param scale s
 * @param up (U, R, H): the matrices W_up
 * @param upOf (B, M): which of them stands on a sample's tokens of modality m; −1, or m ≥ M: none
 * @param modalities M
 */
public record CodedPrompts(
        List<Features> features,
        float[] codes,
        int tokens,
        int rank,
        float scale,
        float[] up,
        int[] upOf,
        int modalities)
        implements Prompts {

    /** Stands in {@code upOf} for a modality without an adapter. */
    public static final int NONE = -1;

    public CodedPrompts {
        features = List.copyOf(features);
        int size = features.size();
        require(size > 0 && tokens > 0 && rank > 0 && modalities > 0, "B, T, R and M", "1 or more", size);
        require(codes.length == (long) size * tokens * rank, "Codes must hold B*T*R values", "so many", codes.length);
        require(upOf.length == size * modalities, "upOf must hold B*M values", size * modalities, upOf.length);
        int hidden = features.get(0).hidden();
        long matrix = (long) rank * hidden;
        require(up.length > 0 && up.length % matrix == 0, "W_up must hold U*R*H values", "so many", up.length);
        for (int which : upOf) {
            require(which >= NONE && which < up.length / matrix, "upOf", "-1 to U - 1", which);
        }
        for (Features some : features) {
            require(some.hidden() == hidden, "H of all features", hidden, some.hidden());
            require(some.tokens() > 0 && some.tokens() <= tokens, "A sample's tokens", "1 to T", some.tokens());
        }
    }

    private static void require(boolean holds, String rule, Object expected, Object got) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ": expected " + expected + ", got " + got);
        }
    }

    @Override
    public int[] lengths() {
        return features.stream().mapToInt(Features::tokens).toArray();
    }

    @Override
    public int hidden() {
        return features.get(0).hidden();
    }

    @Override
    public int size() {
        return features.size();
    }

    /** U. */
    public int matrices() {
        return up.length / (rank * hidden());
    }

    /** Which matrix stands on a token of sample b, or {@link #NONE}. */
    public int upOf(int b, int modality) {
        return modality >= 0 && modality < modalities ? upOf[b * modalities + modality] : NONE;
    }

    @Override
    public long values() {
        return realTokens() * rank + up.length;
    }

    @Override
    public CodedPrompts part(int from, int to) {
        List<Features> some = features.subList(from, to);
        int longest = some.stream().mapToInt(Features::tokens).max().orElse(1);
        return new CodedPrompts(
                some,
                PromptBatch.resized(codes, tokens, from, to, longest, rank),
                longest,
                rank,
                scale,
                up,
                Arrays.copyOfRange(upOf, from * modalities, to * modalities),
                modalities);
    }

    @Override
    public boolean joins(Prompts other) {
        return other instanceof CodedPrompts coded
                && coded.rank == rank
                && coded.scale == scale
                && coded.modalities == modalities
                && coded.hidden() == hidden();
    }

    /** The matrices of all, one behind the other: those of the k-th are shifted by those of the ones before it. */
    @Override
    public CodedPrompts joined(List<? extends Prompts> all) {
        List<CodedPrompts> parts = all.stream().map(CodedPrompts.class::cast).toList();
        int longest = parts.stream().mapToInt(CodedPrompts::tokens).max().orElse(1);
        int size = parts.stream().mapToInt(CodedPrompts::size).sum();
        float[] allCodes = new float[Math.multiplyExact(Math.multiplyExact(size, longest), rank)];
        float[] allUp = new float[parts.stream().mapToInt(p -> p.up.length).reduce(0, Math::addExact)];
        int[] allUpOf = new int[size * modalities];
        int b = 0;
        int matrices = 0;
        for (CodedPrompts part : parts) {
            float[] wide = PromptBatch.resized(part.codes, part.tokens, 0, part.size(), longest, rank);
            System.arraycopy(wide, 0, allCodes, b * longest * rank, wide.length);
            System.arraycopy(part.up, 0, allUp, matrices * rank * hidden(), part.up.length);
            for (int i = 0; i < part.upOf.length; i++) {
                allUpOf[b * modalities + i] = part.upOf[i] == NONE ? NONE : part.upOf[i] + matrices;
            }
            b += part.size();
            matrices += part.matrices();
        }
        return new CodedPrompts(
                parts.stream().flatMap(p -> p.features.stream()).toList(),
                allCodes,
                longest,
                rank,
                scale,
                allUp,
                allUpOf,
                modalities);
    }
}
