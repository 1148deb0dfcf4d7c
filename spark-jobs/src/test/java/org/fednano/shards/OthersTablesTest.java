package org.fednano.shards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.evaluation.PredictTask;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables that others wrote, as {@code predict} and {@code run.clients} read them; {@code make_inputs.py} made them. */
class OthersTablesTest {

    private static final String FOLDER = "src/test/resources/inputs/";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Configuration conf = new Configuration();

    static Stream<String> answered() throws IOException {
        List<String> names = new ArrayList<>();
        expected().fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    private static JsonNode expected() throws IOException {
        return JSON.readTree(new java.io.File(FOLDER + "expected.json"));
    }

    private List<Sample> read(String name) throws IOException {
        List<Sample> samples = new ArrayList<>();
        ClientRows.readFile(
                FileSystem.getLocal(conf),
                new Path(FOLDER + name),
                PredictTask.REQUIRED,
                ClientRows.ASKED,
                "",
                Split.TEST,
                samples::add);
        return samples;
    }

    @ParameterizedTest
    @MethodSource("answered")
    void rowsAreReadAsTheirWritersReadThem(String name) throws IOException {
        List<Sample> samples = read(name);
        JsonNode rows = expected().get(name);
        assertEquals(rows.size(), samples.size());
        for (int i = 0; i < rows.size(); i++) {
            assertEquals(rows.get(i).toPrettyString(), shown(samples.get(i)).toPrettyString());
        }
    }

    private static ObjectNode shown(Sample sample) {
        ObjectNode row = JSON.createObjectNode()
                .put("sample_id", sample.sampleId())
                .put("question", sample.question())
                .put("context", sample.context());
        sample.choices().forEach(row.putArray("choices")::add);
        sample.media().stream().map(OthersTablesTest::sha256).forEach(row.putArray("image")::add);
        return row;
    }

    private static String sha256(Medium medium) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(medium.bytes()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "null-question, Row 2, 'question must be a text: found null'",
        "null-id, Row 2, 'sample_id must be a text or a number: found null'",
        "null-before-choice, Row 1, found null as choice 2",
        "only-null-choices, Row 1, nothing but null",
        "path, Row 1, found the path x.png",
        "number-question, Row 1, 'question must be a text: found the number 5'",
        "list-image, Row 1, found the number 1",
        "bytes-question, Row 1, not marked as text",
        "no-question, 'Column question', 'sample_id, prompt'",
        "brotli, BROTLI, compression=zstd"
    })
    void whatIsNotAnsweredIsRefusedInWordsOfTheFile(String name, String where, String what) {
        String file = "refused-" + name + ".parquet";
        JobException e = assertThrows(JobException.class, () -> read(file));
        refusedWith(e, file, where, what);
    }

    private static void refusedWith(JobException e, String... parts) {
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        String message = e.getMessage().replace("'", "");
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
        assertFalse(message.contains("java.") || message.contains("org.apache"), message);
    }

    private List<ClientCatalogue.Entry> catalogue(String name) {
        return CatalogueTable.read(conf, new Path(FOLDER + "catalogue" + name + ".parquet"));
    }

    @Test
    void aCatalogueOfAnyWriterIsRead() {
        assertEquals(
                List.of(
                        new ClientCatalogue.Entry(
                                "c001", "/data/one", Map.of("fs.s3a.endpoint", "http://one"), List.of("eu"), true),
                        new ClientCatalogue.Entry("c002", "/data/two", Map.of(), List.of(), true)),
                catalogue(""));
        assertEquals(
                List.of("1", "2"),
                catalogue("-int-ids").stream().map(ClientCatalogue.Entry::id).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "-brotli, BROTLI",
        "-null-uri, 'uri must be a text or a number: found null'",
        "-text-switch, enabled must be true or false",
        "-text-hadoop, hadoop must be a map of texts",
        "-nowhere, found none"
    })
    void aWrongCatalogueIsRefusedWithoutValues(String name, String what) {
        JobException e = assertThrows(JobException.class, () -> catalogue(name));
        refusedWith(e, "catalogue" + name + ".parquet", what);
        assertFalse(e.getMessage().contains("hidden"), e.getMessage());
    }
}
