package org.fednano.iconworld;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateTest {

    @TempDir
    private Path temp;

    private final List<String> said = new ArrayList<>();

    private Generate generate(Path out, String... sets) {
        List<String> all = new ArrayList<>(List.of(
                "generate.out=" + out,
                "generate.clients=2",
                "generate.train=40",
                "generate.val=5",
                "generate.test=8",
                "generate.balanced=8"));
        all.addAll(List.of(sets));
        return new Generate(Settings.load(List.of(), all), said::add);
    }

    @Test
    void writesTheReleaseLayout() throws IOException {
        Path out = temp.resolve("deep/raw");
        generate(out).run();
        JsonNode problems =
                new ObjectMapper().readTree(out.resolve("problems.json").toFile());
        JsonNode splits =
                new ObjectMapper().readTree(out.resolve("pid_splits.json").toFile());
        assertEquals(40 + 2 * (5 + 8 + 8), problems.size());
        assertEquals(40, splits.get("train").size());
        assertEquals(16, splits.get("balanced").size());
        assertEquals(
                40,
                splits.get("choose_txt_train").size()
                        + splits.get("fill_in_blank_train").size());
        problems.fields().forEachRemaining(e -> {
            JsonNode p = e.getValue();
            boolean choose = p.get("ques_type").asText().equals("choose_txt");
            assertEquals(choose, p.has("choices"));
            assertEquals(choose, p.get("answer").isInt());
            Path home = out.resolve("iconqa")
                    .resolve(p.get("split").asText())
                    .resolve(p.get("ques_type").asText())
                    .resolve(e.getKey());
            assertTrue(Files.isRegularFile(home.resolve("image.png")), e.getKey());
            assertTrue(Files.isRegularFile(home.resolve("data.json")), e.getKey());
        });
        JsonNode world =
                new ObjectMapper().readTree(out.resolve("iconworld.json").toFile());
        assertEquals("shared", world.get("world").asText());
        assertEquals(2, world.get("owners").size());
        assertEquals(List.of("raw"), names(out.getParent()));
    }

    @Test
    void theSameSettingsWriteTheSameBytes() throws IOException {
        generate(temp.resolve("a")).run();
        generate(temp.resolve("b")).run();
        generate(temp.resolve("c"), "generate.seed=2").run();
        assertEquals(contents(temp.resolve("a")), contents(temp.resolve("b")));
        assertFalse(contents(temp.resolve("a")).equals(contents(temp.resolve("c"))));
    }

    @Test
    void recordFilesCanBeLeftOut() throws IOException {
        generate(temp.resolve("a"), "generate.record_files=off").run();
        assertTrue(contents(temp.resolve("a")).keySet().stream().noneMatch(f -> f.endsWith("data.json")));
    }

    @Test
    void anExistingFolderIsRefusedAndLeftAlone() throws IOException {
        Path out = Files.createDirectory(temp.resolve("raw"));
        JobException e = assertThrows(JobException.class, () -> generate(out).run());
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("generate.out") && e.getMessage().contains(out.toString()));
        assertEquals(List.of("raw"), names(temp));
        assertEquals(List.of(), names(out));
    }

    @Test
    void anUnwritablePlaceLeavesNothing() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "");
        JobException e = assertThrows(
                JobException.class, () -> generate(file.resolve("raw")).run());
        assertEquals(ExitStatus.USAGE, e.status());
        assertEquals(List.of("file"), names(temp));
    }

    @Test
    void describeSaysWhatWouldBeDrawn() throws IOException {
        generate(temp.resolve("raw"), "generate.world=conflict").describe();
        assertTrue(said.get(0).contains("conflict") && said.get(0).contains("82 samples"), said.get(0));
        assertTrue(said.get(2).contains("c002") && said.get(2).contains("R to B"), said.get(2));
        assertEquals(List.of(), names(temp));
    }

    @Test
    void previewIsAPicture() throws IOException {
        Path sheet = temp.resolve("sheets/sheet.png");
        generate(temp.resolve("raw")).preview(sheet);
        assertTrue(ImageIO.read(sheet.toFile()).getWidth() > 1000);
        assertFalse(Files.exists(temp.resolve("raw")));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(
                        folder.relativize(file).toString(),
                        java.util.HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }
}
