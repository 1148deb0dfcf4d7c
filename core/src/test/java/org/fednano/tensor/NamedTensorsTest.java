package org.fednano.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedTensorsTest {

    private static final FloatTensor MATRIX =
            new FloatTensor(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 4, 3);
    private static final TensorSource SOURCE = TensorSource.of(Map.of(
            "matrix", MATRIX,
            "scalar", new FloatTensor(new float[] {-7}),
            "empty", new FloatTensor(new float[0], 0, 5)));

    @ParameterizedTest
    @ValueSource(longs = {1, 5, 7, 12, 1000})
    void piecesOfAnySizeFillTheSameArray(long piece) {
        try (NamedTensors arrays = new NamedTensors(SOURCE, SOURCE.names(), piece)) {
            assertArrayEquals(MATRIX.values(), arrays.get("matrix", 4, 3).toFloatArray());
            assertEquals(-7, arrays.get("scalar").getFloat());
            assertEquals(0, arrays.get("empty", 0, 5).size());
            assertEquals(3, arrays.manager().getManagedArrays().size(), "no view of a piece stays");
        }
    }

    @Test
    void theOrderIsTheCallersAndOnlyWhatIsNamedIsRead() {
        try (NamedTensors arrays = new NamedTensors(SOURCE, List.of("scalar", "matrix"))) {
            assertEquals(List.of("scalar", "matrix"), List.copyOf(arrays.all().keySet()));
        }
    }

    @Test
    void noPieceIsLargerThanAsked() {
        TensorSource counted = new TensorSource() {
            @Override
            public SortedSet<String> names() {
                return SOURCE.names();
            }

            @Override
            public long[] shape(String name) {
                return SOURCE.shape(name);
            }

            @Override
            public void read(String name, long from, FloatBuffer target) {
                assertTrue(target.remaining() <= 5 && target.isDirect());
                SOURCE.read(name, from, target);
            }
        };
        try (NamedTensors arrays = new NamedTensors(counted, counted.names(), 5)) {
            assertArrayEquals(MATRIX.values(), arrays.get("matrix", 4, 3).toFloatArray());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFiniteAreTold(float value) {
        TensorSource damaged = TensorSource.of(Map.of("matrix", new FloatTensor(new float[] {1, 2, 3, value}, 2, 2)));
        String message = assertThrows(JobException.class, () -> new NamedTensors(damaged, damaged.names(), 3))
                .getMessage();
        assertTrue(message.contains("matrix") && message.contains(value + " as value 3"), message);
    }

    @Test
    void aMissingTensorIsTold() {
        assertThrows(JobException.class, () -> new NamedTensors(SOURCE, List.of("scalar", "other")));
        try (NamedTensors arrays = new NamedTensors(SOURCE)) {
            assertThrows(JobException.class, () -> arrays.get("matrix", 3, 4));
            assertThrows(JobException.class, () -> arrays.get("other", 1));
        }
    }
}
