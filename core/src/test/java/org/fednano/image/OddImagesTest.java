package org.fednano.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.fednano.settings.JobException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kinds of BMP, PNG, GIF and JPEG that few programs write, against Pillow; {@code make_odd_pictures.py} made them. */
class OddImagesTest {

    /** Refused though Pillow shows it: it lacks the palette that it must have. */
    private static final Set<String> REFUSED = Set.of("palette-8-none.png");

    private static final JsonNode PICTURES = pictures();

    private static JsonNode pictures() {
        try {
            return new ObjectMapper()
                    .readTree(Path.of("src/test/resources/odd-pictures.json").toFile());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Stream<String> names() {
        List<String> names = new ArrayList<>();
        PICTURES.fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void pixelsArePillowsOrTheFileIsRefused(String name) {
        JsonNode expected = PICTURES.get(name);
        RgbImage image;
        try {
            image = RgbImage.decode(
                    Base64.getDecoder().decode(expected.get("file").textValue()), name);
        } catch (JobException e) {
            assertTrue(!expected.has("rgb") || REFUSED.contains(name), e.getMessage());
            return;
        }
        assertFalse(REFUSED.contains(name));
        if (expected.has("rgb")) {
            assertEquals(expected.get("width").intValue(), image.width());
            assertEquals(expected.get("height").intValue(), image.height());
            assertEquals(expected.get("rgb").textValue(), Base64.getEncoder().encodeToString(image.rgb()));
        }
    }
}
