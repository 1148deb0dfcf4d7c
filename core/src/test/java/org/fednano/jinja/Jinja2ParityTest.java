package org.fednano.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.JinjaException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Against what Jinja2 renders with the settings of transformers: {@code src/test/python/make_templates.py}. */
class Jinja2ParityTest {

    /** What Jinja2 renders and this interpreter refuses, by what the refusal names. */
    private static final Set<String> REFUSED = Set.of(
            "printing a",
            "an item of a",
            "the attribute '__",
            "the character 'ü' in a name",
            "the escape \\N",
            "the name 'self'",
            "the method 'encode'",
            "the method 'format_map'",
            "the method 'isidentifier'",
            "the method 'translate'",
            "the method 'bit_length'",
            "the method 'is_integer'",
            "the function 'lipsum'",
            "the tag 'autoescape'",
            "the tag 'block'",
            "casefold() of text that is not ASCII",
            "a wrong slice of a constant",
            "the filter 'random'",
            "the filter 'filesizeformat'",
            "the filter 'pprint'",
            "the filter 'striptags'",
            "the filter 'urlencode'",
            "the filter 'urlize'",
            "%c of a number",
            "a time format",
            "of a time format",
            "the format flag '#'",
            "the filter 'wordwrap'",
            "the filter 'xmlattr'");

    /** Whatever is refused by name. */
    private static final Set<String> ANY = Set.of("");

    private static final LocalDateTime DAY = LocalDateTime.of(2024, 7, 26, 0, 0);

    /** How many renderings ended how, and those that must not end so. */
    private static final class Outcomes {
        private final List<String> wrong = new ArrayList<>();
        private final Map<Kind, Integer> failures = new EnumMap<>(Kind.class);
        private final Set<String> refusals = new TreeSet<>();
        private int equal;
        private int refused;

        void add(String template, JsonNode expected, Map<String, Object> values, Set<String> allowed) {
            try {
                String rendered = Template.of(template, DAY).render(values);
                if (rendered.equals(expected.textValue())) {
                    equal++;
                } else {
                    wrong.add("expected " + expected + ", rendered " + rendered + ": " + template);
                }
            } catch (JinjaException e) {
                if (expected.isNull()) {
                    failures.merge(e.kind(), 1, Integer::sum);
                } else if (e.kind() == Kind.UNSUPPORTED && allowed.stream().anyMatch(e.getMessage()::contains)) {
                    refused++;
                    refusals.add(e.getMessage());
                } else {
                    wrong.add("expected " + expected + ", failed with " + e.getMessage() + ": " + template);
                }
            }
        }

        @Override
        public String toString() {
            return equal + " equal, both fail " + failures + ", " + refused + " refused by name, " + wrong.size()
                    + " wrong";
        }
    }

    private static Outcomes compared(JsonNode reference, Set<String> allowed) {
        List<Map<String, Object>> values = new ArrayList<>();
        reference.path("values").forEach(v -> values.add(values(v)));
        Outcomes outcomes = new Outcomes();
        for (JsonNode template : reference.path("cases")) {
            for (int i = 0; i < values.size(); i++) {
                outcomes.add(template.get(0).asText(), template.get(1).get(i), values.get(i), allowed);
            }
        }
        return outcomes;
    }

    private static Map<String, Object> values(JsonNode values) {
        return JsonMapper.builder().build().convertValue(values, new TypeReference<>() {});
    }

    private static JsonNode read(InputStream in) throws IOException {
        return JsonMapper.builder().build().readTree(in);
    }

    @Test
    void rendersEveryConstructAsJinja2OrRefusesItByName() throws IOException {
        try (InputStream in = getClass().getResourceAsStream("/jinja/constructs.json")) {
            Outcomes outcomes = compared(read(in), REFUSED);
            assertEquals(List.of(), outcomes.wrong);
            assertTrue(outcomes.equal > 2000 && outcomes.refused < 130, outcomes.toString());
        }
    }

    /** {@code make_templates.py --draw 2000 --seed N --out FILE}. */
    @Test
    @EnabledIfSystemProperty(named = "fednano.templates.drawn", matches = ".+")
    void rendersDrawnTemplatesAsJinja2OrRefusesThemByName() throws IOException {
        try (InputStream in = Files.newInputStream(Path.of(System.getProperty("fednano.templates.drawn")))) {
            Outcomes outcomes = compared(read(in), ANY);
            System.out.println("drawn templates: " + outcomes);
            assertEquals(List.of(), outcomes.wrong.stream().limit(20).toList());
            assertTrue(outcomes.refused < outcomes.equal / 20, outcomes.toString());
        }
    }

    /** A folder of published templates, with what {@code make_templates.py --folder DIR} makes of them. */
    @Test
    @EnabledIfSystemProperty(named = "fednano.templates.dir", matches = ".+")
    void rendersPublishedTemplatesAsJinja2OrRefusesThemByName() throws IOException {
        Path folder = Path.of(System.getProperty("fednano.templates.dir"));
        List<String> wrong = new ArrayList<>();
        try (InputStream in = Files.newInputStream(folder.resolve("expected.json"))) {
            JsonNode expected = read(in);
            for (JsonNode published : expected.path("templates")) {
                String name = published.path("name").asText();
                Outcomes outcomes = new Outcomes();
                String template = Files.readString(folder.resolve(name));
                for (int i = 0; i < expected.path("values").size(); i++) {
                    Map<String, Object> values = values(expected.path("values").get(i));
                    outcomes.add(template, published.path("texts").get(i), values, ANY);
                }
                System.out.println(
                        "| " + name + " | " + outcomes + " | " + String.join("; ", outcomes.refusals) + " |");
                outcomes.wrong.forEach(w -> wrong.add(name + ": " + w.substring(0, Math.min(400, w.length()))));
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void renderingsShareNothing() {
        Template template = Template.of("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + n %}{{ ns.n }}", DAY);
        assertEquals("1", template.render(new HashMap<>(Map.of("n", 1))));
        assertEquals("2", template.render(Map.of("n", 2)));
    }
}
