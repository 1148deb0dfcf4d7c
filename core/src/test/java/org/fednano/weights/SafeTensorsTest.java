package org.fednano.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {

    @TempDir
    Path folder;

    private static Map<String, FloatTensor> tensors() {
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        tensors.put("image.up", new FloatTensor(new float[] {1, 2, 3, -0f, Float.MIN_VALUE, Float.NaN}, 2, 3));
        tensors.put("image.down", new FloatTensor(new float[] {7}));
        tensors.put("empty", new FloatTensor(new float[0], 0, 4));
        return tensors;
    }

    @Test
    void whatIsWrittenIsReadBitForBit() {
        Path file = folder.resolve("a.safetensors");
        SafeTensorsWriter.write(file, tensors(), Map.of("round", "7"));
        for (SafeTensors read : List.of(
                SafeTensors.open(file),
                SafeTensors.of(SafeTensorsWriter.bytes(tensors(), Map.of("round", "7")), "a"))) {
            assertEquals(List.of("empty", "image.down", "image.up"), List.copyOf(read.names()));
            assertEquals(Map.of("round", "7"), read.metadata());
            tensors().forEach((name, expected) -> {
                assertArrayEquals(expected.values(), read.tensor(name).values());
                assertArrayEquals(expected.shape(), read.shape(name));
            });
            assertArrayEquals(
                    new float[] {7}, read.tensor("image.down", new long[0]).values());
        }
    }

    @Test
    void theSameTensorsGiveTheSameBytesAndNoTemporaryFileStays() throws IOException {
        byte[] first = SafeTensorsWriter.bytes(tensors(), Map.of("b", "2", "a", "1"));
        byte[] second = SafeTensorsWriter.bytes(tensors(), new LinkedHashMap<>(Map.of("a", "1", "b", "2")));
        assertArrayEquals(first, second);
        assertEquals(0, ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8);
        SafeTensorsWriter.write(folder.resolve("a.safetensors"), tensors(), Map.of());
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void halfFloatsAreWidened() {
        ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        data.putShort((short) 0x3c00)
                .putShort((short) 0xc000)
                .putShort((short) 0x3f80)
                .putShort((short) 0xc040);
        SafeTensors read = SafeTensors.of(
                file(
                        "{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                                + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[4,8]},"
                                + "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]}}",
                        data.array()),
                "half");
        assertArrayEquals(new float[] {1, -2}, read.tensor("h").values());
        assertArrayEquals(new float[] {1, -3}, read.tensor("b").values());
        assertTrue(refused(() -> read.tensor("i")).contains("I64"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "not json",
                "[]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} {}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
                "{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":[],\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
            })
    void brokenHeadersAreRefusedByName(String header) {
        String message = refused(() -> SafeTensors.of(file(header, new byte[8]), "broken.safetensors"));
        assertTrue(message.contains("broken.safetensors"), message);
    }

    /** A header may have 100 MB: none of them may become as much message, or many times as much memory. */
    @Test
    @Tag("slow")
    void giantHeadersAreRefusedShortly() {
        StringBuilder names = new StringBuilder("{\"0\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}");
        for (int i = 1; i <= 1 << 20; i++) {
            names.append(",\"").append(i).append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}");
        }
        for (String header : List.of(
                names.append('}').toString(),
                "{\"a\":{\"dtype\":\"" + "n".repeat(10_000_000) + "\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" + "0,".repeat(10_000_000) + "8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + "1,".repeat(10_000_000) + "2],\"data_offsets\":[0,8]}}",
                "{\"" + "n".repeat(40_000) + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}")) {
            String message = refused(() -> SafeTensors.of(file(header, new byte[8]), "giant.safetensors"));
            assertTrue(message.length() < 1000, () -> "" + message.length());
        }
    }

    @Test
    void anUnknownTypeAndALyingOffsetAreToldWithTensorExpectedAndFound() {
        String unknown = refused(() -> SafeTensors.of(
                file("{\"w.1\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}", new byte[8]),
                "x.safetensors"));
        assertTrue(unknown.contains("w.1") && unknown.contains("BF16") && unknown.contains("F99"), unknown);
        String gap = refused(() -> SafeTensors.of(
                file(
                        "{\"w.1\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                                + "\"w.2\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
                        new byte[12]),
                "x.safetensors"));
        assertTrue(gap.contains("w.2") && gap.contains("from 4") && gap.contains("[8, 12]"), gap);
        byte[] latin = file("{\"w\u00e9\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", new byte[8]);
        latin[8 + 4] = '"'; // cuts the letter of two bytes in half
        refused(() -> SafeTensors.of(latin, "x.safetensors"));
    }

    @Test
    void piecesFromAnywhereAreThoseOfTheWhole() throws IOException {
        Path file = folder.resolve("large.safetensors");
        float[] values = new float[600_000]; // more than one read
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        SafeTensorsWriter.write(file, Map.of("t", new FloatTensor(values, 600, 1000)), Map.of());
        SafeTensors read = SafeTensors.open(file);
        assertArrayEquals(values, read.tensor("t").values());
        java.nio.FloatBuffer piece = java.nio.FloatBuffer.allocate(300_003);
        read.read("t", 299_990, piece.position(3));
        assertEquals(299_990, piece.get(3));
        assertEquals(599_989, piece.get(300_002));
        assertThrows(IndexOutOfBoundsException.class, () -> read.read("t", 599_999, java.nio.FloatBuffer.allocate(2)));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1_000_000));
        assertTrue(refused(() -> read.tensor("t")).contains("large.safetensors"), "cut off after it was opened");
    }

    @Test
    void missingAndCutFilesAreRefused() throws IOException {
        assertTrue(refused(() -> SafeTensors.open(folder.resolve("none"))).contains("none"));
        byte[] whole = SafeTensorsWriter.bytes(tensors(), Map.of());
        for (int length : new int[] {0, 5, 8, 40, whole.length - 1}) {
            Path cut = folder.resolve("cut" + length);
            Files.write(cut, Arrays.copyOf(whole, length));
            refused(() -> SafeTensors.open(cut));
        }
        byte[] huge = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(Long.MAX_VALUE)
                .array();
        refused(() -> SafeTensors.of(huge, "huge"));
    }

    @Test
    void aTensorMissingOrOfAnotherShapeIsTold() {
        SafeTensors read = SafeTensors.of(SafeTensorsWriter.bytes(tensors(), Map.of()), "a.safetensors");
        assertTrue(refused(() -> read.tensor("text.up")).contains("text.up"));
        String message = refused(() -> read.tensor("image.up", 3, 2));
        assertTrue(message.contains("[3, 2]") && message.contains("[2, 3]"), message);
    }

    private static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }

    private static String refused(org.junit.jupiter.api.function.Executable call) {
        JobException e = assertThrows(JobException.class, call);
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        return e.getMessage();
    }
}
