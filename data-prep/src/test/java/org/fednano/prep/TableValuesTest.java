package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What numbers, indices, nulls and lists of a table become. */
class TableValuesTest {

    @TempDir
    private Path temp;

    @BeforeEach
    void picture() throws IOException {
        Files.write(temp.resolve("a.png"), RawFolder.png(4, 4));
    }

    private List<RecordResult> lines(String text) throws IOException {
        Files.writeString(temp.resolve("rows.jsonl"), text);
        return check();
    }

    private List<RecordResult> check(String... sets) throws IOException {
        List<String> all = new ArrayList<>(List.of("prepare.format=table", "prepare.split=iid"));
        all.addAll(Arrays.asList(sets));
        return Raw.check(temp, all.toArray(String[]::new));
    }

    private int index(String line) throws IOException {
        return Raw.accepted(lines(line).get(0)).answerIndex();
    }

    @Test
    void anIndexIsAWholeNumberHoweverItIsWritten() throws IOException {
        String row = "{\"question\": \"q\", \"choices\": [\"5\", \"0\", \"2\"], ";
        for (String two : List.of("2", "2.0", "2e0", "0.2E1", "2.000")) {
            assertEquals(2, index(row + "\"answer\": " + two + "}"), two);
            assertEquals(2, index(row + "\"answer_index\": " + two + "}"), two);
        }
        assertEquals(2, index(row + "\"answer_index\": \"2\"}")); // in a column for indexes also as text
        assertEquals(0, index(row + "\"answer_index\": \" 0.0 \"}"));
        assertEquals(1, index(row + "\"answer\": \"0\"}")); // elsewhere a text is the choice itself
        assertEquals(1, index(row + "\"answer_index\": \"B\"}"));
        for (String bad :
                List.of("2.5", "2.0000000000000000001", "1e400", "18446744073709551616", "true", "\"3\"", "\"-1\"")) {
            Raw.rejected(
                    RejectReason.ANSWER_OUTSIDE_CHOICES,
                    lines(row + "\"answer_index\": " + bad + "}").get(0));
        }
    }

    @Test
    void aNumberOfJsonKeepsItsText() throws IOException {
        for (String number : List.of(
                "12500000.0",
                "0.0005",
                "1e5",
                "1E-7",
                "5.0e-4",
                "-0.0",
                "100.00",
                "1e400",
                "36893488147419103232",
                "-7")) {
            RawSample a = Raw.accepted(lines("{\"id\": " + number + ", \"question\": \"q\", \"answer\": " + number
                            + ", \"owner\": " + number.replace("-", "") + ", \"category\": " + number + "}")
                    .get(0));
            assertEquals(number, a.answer());
            assertEquals(number, a.id());
            assertEquals(number.replace("-", ""), a.owner());
            assertEquals(number, a.category());
        }
        RawSample chosen = Raw.accepted(lines("{\"question\": \"q\", \"choices\": [0.0005, 12500000.0], \"answer\": 1}")
                .get(0));
        assertEquals(List.of("0.0005", "12500000.0"), chosen.choices());
        for (String bad : List.of("NaN", "Infinity", "1e99999999999", "1.")) {
            Raw.rejected(
                    RejectReason.BROKEN_RECORD,
                    lines("{\"question\": \"q\", \"answer\": " + bad + "}").get(0));
        }
    }

    @Test
    void nullsFillUpChoicesAtTheirEndOnly() throws IOException {
        String row = "{\"question\": \"q\", \"answer\": 1, \"choices\": ";
        assertEquals(
                List.of("x", "y"),
                Raw.accepted(lines(row + "[\"x\", \"y\", null, null]}").get(0)).choices());
        assertEquals(
                List.of("x", "null", "None"),
                Raw.accepted(lines(row + "[\"x\", \"null\", \"None\"]}").get(0)).choices());
        for (String bad : List.of("[\"x\", null, \"z\"]", "[null, \"x\", \"y\"]", "[\"x\", null]", "[null, null]")) {
            Raw.rejected(RejectReason.BAD_CHOICES, lines(row + bad + "}").get(0));
        }
        Raw.rejected(
                RejectReason.ANSWER_OUTSIDE_CHOICES,
                lines("{\"question\": \"q\", \"answer\": 2, \"choices\": [\"x\", \"y\", null]}")
                        .get(0));
    }

    @Test
    void nullIsNoTextAnywhere() throws IOException {
        RawSample a = Raw.accepted(lines(
                        "{\"id\": null, \"question\": \"q\", \"answer\": \"a\", \"context\": null, \"choices\":"
                                + " null, \"split\": null, \"owner\": null, \"task\": null, \"category\": null, \"image\": null}")
                .get(0));
        assertEquals("rows.jsonl#1", a.id());
        assertEquals("", a.context() + a.category());
        assertEquals(List.of(), a.media());
        Raw.rejected(
                RejectReason.EMPTY_QUESTION,
                lines("{\"question\": null, \"answer\": \"a\"}").get(0));
        Raw.rejected(
                RejectReason.EMPTY_ANSWER,
                lines("{\"question\": \"q\", \"answer\": null}").get(0));
    }

    @Test
    void valuesOfParquetAreWhatTheyMean() throws IOException {
        Raw.parquet(
                temp.resolve("p.parquet"),
                """
                message m {
                  required binary question (STRING);
                  required int32 answer (DECIMAL(6, 2));
                  repeated binary image (STRING);
                  optional group choices (LIST) { repeated binary element (STRING); }
                  optional double answer_index;
                }
                """,
                2,
                (row, i) -> {
                    row.append("question", "q").append("answer", 1250);
                    row.append("image", "a.png").append("image", "a.png");
                    if (i == 1) {
                        row.addGroup("choices").append("element", "x").append("element", "y");
                        row.append("answer_index", 1.0);
                    }
                });
        List<RecordResult> checked = check();
        assertEquals("12.50", Raw.accepted(checked.get(0)).answer());
        assertEquals(2, Raw.accepted(checked.get(0)).media().size());
        assertEquals("y", Raw.accepted(checked.get(1)).answer());
    }

    @Test
    void listsOfTwoLevelsAreReadByTheFormatsRules() throws IOException {
        Raw.parquet(
                temp.resolve("p.parquet"),
                """
                message m {
                  required binary question (STRING);
                  required int32 answer;
                  required group choices (LIST) { repeated binary array (STRING); }
                  required group image (LIST) { repeated group array { optional binary path (STRING); } }
                  required group pictures (LIST) { repeated group pictures_tuple { optional binary path (STRING); } }
                  required group bag (LIST) { repeated group bag { optional binary array_element (STRING); } }
                }
                """,
                1,
                (row, i) -> {
                    row.append("question", "q").append("answer", 1);
                    row.addGroup("choices").append("array", "x").append("array", "y");
                    for (String column : List.of("image", "pictures", "bag")) {
                        Group list = row.addGroup(column);
                        list.addGroup(0).append(column.equals("bag") ? "array_element" : "path", "a.png");
                        list.addGroup(0);
                    }
                });
        RawSample a = Raw.accepted(
                check("prepare.columns={further = pictures, more = bag}").get(0));
        assertEquals("y", a.answer());
        assertEquals(
                List.of("image", "further", "more"),
                a.media().stream().map(RawMedium::modality).toList());
    }

    @Test
    void theOlderFramingOfLz4IsRead() throws IOException {
        org.apache.hadoop.fs.Path file =
                new org.apache.hadoop.fs.Path(temp.resolve("p.parquet").toString());
        MessageType type = MessageTypeParser.parseMessageType(
                "message m { required binary question (STRING); required binary answer (STRING); }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(HadoopOutputFile.fromPath(file, Raw.HADOOP))
                .withType(type)
                .withConf(Raw.HADOOP)
                .withCompressionCodec(CompressionCodecName.LZ4)
                .build()) {
            writer.write(new SimpleGroupFactory(type)
                    .newGroup()
                    .append("question", "q".repeat(1000))
                    .append("answer", "a"));
        }
        assertEquals("q".repeat(1000), Raw.accepted(check().get(0)).question());
    }
}
