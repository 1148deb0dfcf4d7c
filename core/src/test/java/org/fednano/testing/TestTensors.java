package org.fednano.testing;

import java.util.Arrays;
import java.util.Random;
import org.fednano.weights.FloatTensor;

/** Random weights for tests of every module. */
public final class TestTensors {

    private TestTensors() {}

    /** Normally distributed values around 0. */
    public static FloatTensor normal(Random random, double deviation, int... shape) {
        float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return new FloatTensor(values, Arrays.stream(shape).asLongStream().toArray());
    }
}
