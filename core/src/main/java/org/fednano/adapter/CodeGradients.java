package org.fednano.adapter;

/**
 * What a call with codes gets back beside the losses, all times the gradient scale. Whichever of W_up's gradients was not
 * asked for is empty.
 *
 * @param codes (B, T, R): s · G W_upᵀ, zero on padding and where no adapter is
 * @param up (U, R, H): s · Σ codeᵀ G over all tokens that a matrix stands on
 * @param squares (U, R, H): the squares of each sample's own part of {@code up}, summed over samples
 * @param each (B, M, R, H): each sample's own part, zero where it has no matrix
 */
public record CodeGradients(float[] codes, float[] up, float[] squares, float[] each) {

    /** Which gradients of W_up are wanted: what lies in between its samples' own and their sum is what travels. */
    public enum Wanted {
        /** {@code up} alone. */
        SUM,
        /** {@code up} and {@code squares}. */
        SQUARES,
        /** {@code each} alone. */
        EACH
    }

    /** None at all. */
    public static final CodeGradients NONE = new CodeGradients(new float[0], new float[0], new float[0], new float[0]);

    /** Values in all of them. */
    public long values() {
        return (long) codes.length + up.length + squares.length + each.length;
    }
}
