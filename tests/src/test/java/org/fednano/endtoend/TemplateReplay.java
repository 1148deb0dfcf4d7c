package org.fednano.endtoend;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.Template;
import org.fednano.jinja.base.JinjaException;

/** Renders the reference's templates with whatever classes it is started on: {@code TemplateReplay FILE}. */
final class TemplateReplay {

    private TemplateReplay() {}

    public static void main(String[] args) throws IOException {
        JsonMapper json = JsonMapper.builder().build();
        JsonNode reference = json.readTree(Path.of(args[0]).toFile());
        List<Map<String, Object>> values = json.convertValue(reference.path("values"), new TypeReference<>() {});
        int equal = 0;
        List<String> wrong = new ArrayList<>();
        for (JsonNode template : reference.path("cases")) {
            for (int i = 0; i < values.size(); i++) {
                JsonNode expected = template.get(1).get(i);
                String rendered = rendered(template.get(0).asText(), values.get(i));
                if (expected.isTextual() && expected.asText().equals(rendered)) {
                    equal++;
                } else if (rendered != null) {
                    wrong.add(template.get(0).asText());
                }
            }
        }
        System.out.println(equal + " equal, " + wrong.size() + " wrong " + wrong);
    }

    /** Null if it cannot be rendered. */
    private static String rendered(String template, Map<String, Object> values) {
        try {
            return Template.of(template, LocalDateTime.of(2024, 7, 26, 0, 0)).render(values);
        } catch (JinjaException e) {
            return null;
        }
    }
}
