package org.fednano.adapter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A reference's answers, frozen in a file by {@code src/test/python/make_parity_fixtures.py}. */
public record Fixture(JsonNode json) {

    public static Fixture read(String name) {
        try (var in = Fixture.class.getResourceAsStream("/parity/" + name)) {
            return new Fixture(new ObjectMapper().readTree(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public float[] floats(String field) {
        return floats(json.get(field));
    }

    public int number(String field) {
        return json.get(field).intValue();
    }

    public static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).floatValue();
        }
        return values;
    }
}
