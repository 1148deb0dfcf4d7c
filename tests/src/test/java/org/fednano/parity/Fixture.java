package org.fednano.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensors;

/**
 * A checkpoint that {@code tests/src/test/python/make_parity.py} made, with what transformers makes of it.
 *
 * @param folder the model folder
 * @param expected {@code expected.json}
 * @param tensors {@code expected.safetensors}; of sample i: {@code i.pixels} (P, 3, S, S), {@code i.features}
 *     (P, N, D), {@code i.projected} (P, N, H), {@code i.gradient} (T, H), {@code i.logits} (·, V)
 */
record Fixture(Path folder, JsonNode expected, SafeTensors tensors) {

    static Fixture open(Path folder) {
        try {
            return new Fixture(
                    folder,
                    new ObjectMapper().readTree(Files.readString(folder.resolve("expected.json"))),
                    SafeTensors.open(folder.resolve("expected.safetensors")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every fixture below a folder, by name. */
    static List<Fixture> all(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(child -> Files.exists(child.resolve("expected.json")))
                    .sorted()
                    .map(Fixture::open)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Samples. */
    int size() {
        return expected.get("samples").size();
    }

    private JsonNode of(int sample) {
        return expected.get("samples").get(sample);
    }

    String text(int sample, String field) {
        return of(sample).get(field).textValue();
    }

    double number(int sample, String field) {
        return of(sample).get(field).doubleValue();
    }

    int[] ids(int sample, String field) {
        return StreamSupport.stream(of(sample).get(field).spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    double[] numbers(int sample, String field) {
        return StreamSupport.stream(of(sample).get(field).spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
    }

    List<String> texts(int sample, String field) {
        List<String> texts = new ArrayList<>();
        of(sample).get(field).forEach(node -> texts.add(node.textValue()));
        return texts;
    }

    /** Most tokens that {@code generated} may hold. */
    int newTokens() {
        return expected.get("new_tokens").intValue();
    }

    /** Whether a sample has pictures. */
    boolean hasPictures(int sample) {
        return !texts(sample, "pictures").isEmpty();
    }

    /** Reference values of a sample. */
    FloatTensor tensor(int sample, String name) {
        return tensors.tensor(sample + "." + name);
    }

    byte[] picture(String name) {
        try {
            return Files.readAllBytes(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A sample as a shard would hold it. */
    Sample sample(int i) {
        List<String> choices = texts(i, "choices");
        String answer = text(i, "answer");
        return new Sample(
                "s" + i,
                "c001",
                Split.TEST,
                texts(i, "pictures").stream()
                        .map(name -> new Medium(Medium.IMAGE, picture(name)))
                        .toList(),
                text(i, "question"),
                "",
                choices,
                answer,
                choices.indexOf(answer),
                "choose_txt",
                "toy",
                "parity");
    }

    @Override
    public String toString() {
        return String.valueOf(folder.getFileName());
    }
}
