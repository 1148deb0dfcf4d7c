package org.fednano.udf;

import java.util.List;

/** Norms and angles, summed in double precision. A vector with a missing entry has neither: the answer is null. */
public final class Vectors {

    private Vectors() {}

    /** Euclidean norm; 0 for an empty vector, null for null. */
    public static Double l2Norm(List<? extends Number> v) {
        Double square = dot(v, v);
        return square == null ? null : (Double) Math.sqrt(square);
    }

    /**
     * Cosine of the angle between two vectors; null if either is null or zero.
     *
     * @throws IllegalArgumentException if their lengths differ
     */
    public static Double cosineSimilarity(List<? extends Number> a, List<? extends Number> b) {
        Double product = dot(a, b);
        if (product == null) {
            return null;
        }
        Double left = l2Norm(a);
        Double right = l2Norm(b);
        if (left == null || right == null || left == 0 || right == 0) {
            return null;
        }
        return Math.max(-1, Math.min(1, product / left / right));
    }

    private static Double dot(List<? extends Number> a, List<? extends Number> b) {
        if (a == null || b == null) {
            return null;
        }
        if (a.size() != b.size()) {
            throw new IllegalArgumentException("cosine_similarity needs two arrays of one length: found " + a.size()
                    + " and " + b.size() + " entries.");
        }
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            if (a.get(i) == null || b.get(i) == null) {
                return null;
            }
            sum += a.get(i).doubleValue() * b.get(i).doubleValue();
        }
        return sum;
    }
}
