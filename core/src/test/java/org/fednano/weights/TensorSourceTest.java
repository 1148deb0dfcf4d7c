package org.fednano.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;

class TensorSourceTest {

    private static final TensorSource SOURCE = TensorSource.of(Map.of(
            "a.q", tensor(0, 2, 3),
            "a.k", tensor(6, 1, 3),
            "a.v", tensor(9, 3, 3),
            "b", tensor(100)));

    private static FloatTensor tensor(int first, long... shape) {
        int size = (int) java.util.Arrays.stream(shape).reduce(1, (x, y) -> x * y);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = first + i;
        }
        return new FloatTensor(values, shape);
    }

    private static float[] read(TensorSource source, String name, long from, int count) {
        FloatBuffer target = FloatBuffer.allocate(count + 2).position(1).limit(count + 1);
        source.read(name, from, target);
        assertEquals(count + 1, target.position());
        assertEquals(count + 1, target.limit());
        float[] values = new float[count];
        target.position(1).get(values);
        return values;
    }

    @Test
    void aStackIsItsPartsOneBelowTheOtherFromWhereverItIsRead() {
        TensorSource stacked =
                new StackedTensors(SOURCE, Map.of("a.qkv", List.of("a.q", "a.k", "a.v"), "b", List.of("b")));
        assertEquals(Set.of("a.qkv", "b"), stacked.names());
        assertArrayEquals(new long[] {6, 3}, stacked.shape("a.qkv"));
        assertArrayEquals(new long[0], stacked.shape("b"));
        float[] whole = stacked.tensor("a.qkv").values();
        for (int i = 0; i < 18; i++) {
            assertEquals(i, whole[i]);
        }
        for (int from = 0; from <= 18; from++) {
            for (int count = 0; from + count <= 18; count++) {
                float[] piece = read(stacked, "a.qkv", from, count);
                for (int i = 0; i < count; i++) {
                    assertEquals(from + i, piece[i]);
                }
            }
        }
        assertThrows(JobException.class, () -> stacked.shape("a.q"));
    }

    @Test
    void aViewHidesTheOthers() {
        TensorSource view = SOURCE.only("a.q", "b");
        assertEquals(Set.of("a.q", "b"), view.names());
        assertArrayEquals(new float[] {2, 3}, read(view, "a.q", 2, 2));
        assertEquals(6, view.size("a.q"));
        assertEquals(1, view.size("b"));
        assertThrows(JobException.class, () -> view.tensor("a.k"));
        assertThrows(JobException.class, () -> view.shape("a.k"));
    }

    @Test
    void whatIsRequiredIsToldWithItsShape() {
        SOURCE.require("a.q", 2, 3);
        String message = assertThrows(JobException.class, () -> SOURCE.require("a.q", 3, 2))
                .getMessage();
        assertTrue(message.contains("a.q") && message.contains("[3, 2]") && message.contains("[2, 3]"), message);
        assertTrue(assertThrows(JobException.class, () -> SOURCE.require("c", 1))
                .getMessage()
                .contains("c"));
    }
}
