package org.fednano.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --set} was given is what a command gets. */
class SetOptionTest {

    /** Texts that HOCON, a shell or a parser of numbers would read as something else. */
    private static final List<String> TEXTS = List.of(
            "plain",
            "data#1",
            "#",
            "a//b",
            "//",
            "$BASE",
            "${HOME}",
            "${?NONE}",
            "it's",
            "\"quoted\"",
            "\"",
            "a\"b",
            "\"\"\"x\"\"\"",
            "a=b",
            "=",
            "==",
            " a ",
            "  ",
            "\t",
            "a b",
            "[a]",
            "[",
            "a[1]",
            "{x,y}",
            "{",
            "}",
            "{a = 1}",
            "a,b",
            ",",
            "a\\b",
            "\\",
            "\\n",
            "a\nb",
            "\r\n",
            "007",
            "1e5",
            "1.50",
            "0x1F",
            "+1",
            "-0",
            "NaN",
            "true",
            "on",
            "null",
            "include",
            "ü-图",
            "u\u0308",
            "🙂",
            "\u2028",
            "\u00a0",
            "a:b",
            "hdfs://name:8020/a#b",
            "~",
            "*",
            "?",
            "%20",
            "+",
            "@x",
            "-x",
            "--set",
            "_",
            ".",
            "..",
            "a.b",
            "`x`",
            "$(x)",
            "!",
            "&",
            "|",
            ";",
            "<",
            ">",
            "");

    @TempDir
    Path folder;

    @Test
    void aTextIsWhatWasTyped() {
        for (String text : TEXTS) {
            for (Setting<String> setting :
                    List.of(RunKeys.ID, ModelKeys.DIR, ModelKeys.PROMPT, EndpointKeys.TOKEN_FILE)) {
                assertEquals(text, load(setting.key() + "=" + text).get(setting), text);
            }
            assertEquals(
                    Map.of("question", text, "a.b", text),
                    load("prepare.columns.question=" + text, "prepare.columns.\"a.b\"=" + text)
                            .get(DataKeys.COLUMNS));
        }
    }

    @Test
    void aPathIsWhatWasTyped() {
        for (String text : TEXTS) {
            String path = "/data/" + text + "/x";
            for (Setting<String> setting :
                    List.of(RunKeys.DIR, RunKeys.CLIENTS, DataKeys.SOURCE, DataKeys.GENERATE_OUT)) {
                assertEquals(path, load(setting.key() + "=" + path).get(setting), text);
            }
        }
        for (String path : List.of(
                "./a:b",
                "file:/a:b",
                "file:///a b",
                "s3a://bucket/x#y",
                "hdfs://h:8020/a",
                "hdfs:///a",
                "-x",
                "s3a://b")) {
            assertEquals(path, load("run.shards=" + path).get(RunKeys.SHARDS));
        }
        for (String path : List.of("", "a:b", "a:b/c", ":", "hdfs://h/a:b", "1a:/x", "hdfs://[bad/x", "\u0000")) {
            refused("run.shards", "run.shards=" + path);
        }
        assertEquals("", load("run.clients=").get(RunKeys.CLIENTS));
    }

    /** run.json, the settings command and files written from either say the same as the command line. */
    @Test
    void whatIsToldOfATextIsThatText() throws IOException {
        for (String text : TEXTS) {
            Settings typed = load("prompt.user=" + text, "prepare.columns.question=" + text);
            String told = typed.resolved().entrySet().stream()
                    .map(e -> e.getKey() + " = " + e.getValue().value() + "   # "
                            + e.getValue().origin() + "\n")
                    .collect(Collectors.joining());
            Settings read = Settings.load(List.of(Files.writeString(folder.resolve("told.conf"), told)), List.of());
            assertEquals(text, read.get(ModelKeys.PROMPT_USER));
            assertEquals(text, read.get(DataKeys.COLUMNS).get("question"));
            assertEquals(
                    "--set prompt.user", typed.resolved().get("prompt.user").origin());
        }
    }

    @Test
    void blanksBeforeTheEqualsSignLeaveATextInDoubt() {
        refused("run.dir=work/run", "run.dir = work/run");
        refused("prepare.columns.question=q", "prepare.columns.question = q");
        assertEquals(3, load("run.rounds = 3").get(RunKeys.ROUNDS));
        assertEquals(List.of("val"), load("eval.splits = [val]").get(RunKeys.EVAL_SPLITS));
    }

    @Test
    void choicesAreComparedAsTyped() {
        assertEquals("fedavg", load("run.strategy=fedavg").get(RunKeys.STRATEGY));
        for (String no : List.of("fedavg#1", "fedavg // best", "\"fedavg\"", " fedavg", "FedAvg", "")) {
            refused("run.strategy", "run.strategy=" + no);
        }
    }

    @Test
    void listsAreHoconOrTextsBetweenCommas() {
        Map.ofEntries(
                        Map.entry("[\"grpc://a:1\", \"b#c\"]", List.of("grpc://a:1", "b#c")),
                        Map.entry("[pilot]", List.of("pilot")),
                        Map.entry("pilot", List.of("pilot")),
                        Map.entry("a, b c", List.of("a", "b c")),
                        Map.entry("[007, 1e5, true, 1.50]", List.of("007", "1e5", "true", "1.50")),
                        Map.entry("[\"${HOME}\", \"\"\"a//b\"\"\"]", List.of("${HOME}", "a//b")),
                        Map.entry("[]", List.of()),
                        Map.entry("", List.of()),
                        Map.entry("grpc://a:1,grpcs://b:2", List.of("grpc://a:1", "grpcs://b:2")),
                        Map.entry("audio=models/a#b", List.of("audio=models/a#b")),
                        Map.entry("${HOME}", List.of("${HOME}")))
                .forEach((typed, expected) ->
                        assertEquals(expected, load("run.client_tags=" + typed).get(RunKeys.CLIENT_TAGS), typed));
        for (String no : List.of(
                "[a#b]",
                "[a#b\n]",
                "[a, // b\n c]",
                "[grpc://a:1]",
                "[${HOME}]",
                "[${?NONE}, a]",
                "[a",
                "[a=b]",
                "[a\\b]",
                "[null]",
                "[{a = 1}]",
                "[[a]]",
                "a,,b#c",
                "\"a\"#b",
                "[a] # b",
                "[a]\nrun.seed = 7")) {
            refused("run.client_tags", "run.client_tags=" + no);
        }
    }

    @Test
    void mapsAreHoconThatLosesNothing() {
        assertEquals(
                Map.of("question", "q#text", "image", "007"),
                load("prepare.columns={question = \"q#text\", image = 007}").get(DataKeys.COLUMNS));
        for (String no :
                List.of("{question = q#text}", "{question = q#text\n}", "{question = ${HOME}}", "{question", "", "q")) {
            refused("prepare.columns", "prepare.columns=" + no);
        }
    }

    private static Settings load(String... sets) {
        return Settings.load(List.of(), List.of(sets));
    }

    private static void refused(String named, String typed) {
        JobException e = assertThrows(JobException.class, () -> load(typed), typed);
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(named), e.getMessage());
        assertFalse(e.getMessage().contains("Exception"), e.getMessage());
    }
}
