package org.fednano.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of pyarrow, pandas, polars, DuckDB and Hugging Face's datasets; {@code make_tables.py} made them and the texts. */
class WritersTablesTest {

    static final Path TABLES = Path.of("src/test/resources/tables");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    static Stream<String> files() throws IOException {
        List<String> names = new ArrayList<>();
        expected().fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    private static JsonNode expected() throws IOException {
        return new ObjectMapper().readTree(TABLES.resolve("expected.json").toFile());
    }

    private static ParquetTable open(String name) throws IOException {
        return ParquetTable.open(HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(TABLES.resolve(name).toUri()), new Configuration()));
    }

    private static List<ObjectNode> rows(ParquetTable table) throws IOException, BadValue {
        List<ObjectNode> rows = new ArrayList<>();
        for (int g = 0; g < table.rowGroups().size(); g++) {
            ParquetTable.Rows group = table.rows(g);
            for (long i = 0; i < table.rowGroups().get(g).getRowCount(); i++) {
                rows.add(ParquetValues.object(group.next(), table.columns()));
            }
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("files")
    void valuesAreWhatTheirWritersShow(String name) throws IOException, BadValue {
        JsonNode columns = expected().get(name);
        assertFalse(columns.isEmpty());
        try (ParquetTable table = open(name)) {
            List<ObjectNode> rows = rows(table.select(columns::has));
            columns.fields().forEachRemaining(column -> {
                ArrayNode found = NODES.arrayNode();
                rows.forEach(row -> found.add(shown(row.get(column.getKey()))));
                assertEquals(column.getValue().toString(), found.toString(), name + ", " + column.getKey());
            });
        }
    }

    /** A value as {@code expected.json} has it. */
    private static JsonNode shown(JsonNode value) {
        if (value.isArray()) {
            ArrayNode list = NODES.arrayNode();
            value.forEach(v -> list.add(shown(v)));
            return list;
        } else if (value.isObject()) {
            ObjectNode object = NODES.objectNode();
            value.fields().forEachRemaining(f -> object.set(f.getKey(), shown(f.getValue())));
            return object;
        } else if (value.isBinary()) {
            try {
                return NODES.objectNode().put("base64", Base64.getEncoder().encodeToString(value.binaryValue()));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        return value.isNull() ? value : NODES.textNode(value.asText());
    }

    @ParameterizedTest
    @CsvSource({
        "refused-brotli, BROTLI, compression='zstd'",
        "refused-name-twice, 'answer', another name",
        "refused-split-integers, BYTE_STREAM_SPLIT, 'i64'",
        "refused-encrypted, encrypted, without encryption",
        "refused-encrypted-column, encrypted, without encryption",
        "refused-feather, Arrow (Feather), Convert it",
        "refused-gzip, gzip, Unpack it",
        "refused-csv, CSV, Convert it",
        "refused-json, JSON, .jsonl",
        "refused-lfs, Git LFS, git lfs pull",
        "refused-empty, an empty file, again",
    })
    void whatCannotBeReadIsRefusedByName(String name, String what, String remedy) {
        JobException e = assertThrows(JobException.class, () -> {
            try (ParquetTable table = open(name + ".parquet")) {
                table.select(column -> true);
            }
        });
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        for (String part : List.of(what, remedy.replace("''", "'"), name + ".parquet")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertFalse(e.getMessage().contains("org.apache"), e.getMessage());
        assertFalse(e.getMessage().contains("java."), e.getMessage());
    }

    @Test
    void columnsThatAreNotNeededMayBeUnreadable() throws IOException, BadValue {
        try (ParquetTable table = open("refused-split-integers.parquet")) {
            assertEquals(
                    "two", rows(table.select("text"::equals)).get(2).get("text").asText());
        }
        try (ParquetTable table = open("refused-encrypted-column.parquet")) {
            assertEquals(
                    "b",
                    rows(table.select("question"::equals))
                            .get(1)
                            .get("question")
                            .asText());
        }
    }
}
