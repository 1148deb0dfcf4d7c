package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The list of what the jar holds is true: each library in it, in its version, with a hash and a licence. */
class BillOfMaterialsTest {

    private static final Path TARGET = CommandLine.ROOT.resolve("submit-scripts/target");

    @Test
    void everyLibraryInTheJarIsListed() throws IOException {
        JsonNode bill =
                new ObjectMapper().readTree(TARGET.resolve("fednano-sbom.json").toFile());
        assertEquals("CycloneDX", bill.path("bomFormat").asText());
        Map<String, String> listed = new HashMap<>();
        for (JsonNode component : bill.path("components")) {
            String name = component.path("group").asText() + ":"
                    + component.path("name").asText();
            listed.put(name, component.path("version").asText());
            assertFalse(component.path("licenses").isEmpty(), name + " has no licence");
            assertFalse(component.path("hashes").isEmpty(), name + " has no hash");
            assertFalse(name.startsWith("org.apache.spark"), name + " is the cluster's");
        }
        assertTrue(listed.containsKey("ai.djl.pytorch:pytorch-native-cpu"), "what lies beside the jar");
        Map<String, String> packed = packed();
        assertTrue(packed.size() > 10, packed.toString());
        packed.forEach((name, version) -> assertEquals(version, listed.get(name), name));
    }

    /** docs/libraries.md is what people read: it must name the same versions. */
    @Test
    void thePageOfLibrariesNamesThem() throws IOException {
        String page = Files.readString(CommandLine.ROOT.resolve("docs/libraries.md"));
        packed().forEach((name, version) -> assertTrue(
                name.startsWith("org.fednano:") || page.contains("| `" + name + "` | " + version + " |"),
                name + " " + version));
    }

    /** Versions by group:artifact, of those libraries that say in a jar what they are. */
    private static Map<String, String> packed() throws IOException {
        Map<String, String> found = new HashMap<>();
        try (JarFile jar = new JarFile(TARGET.resolve("fednano.jar").toFile())) {
            for (JarEntry entry : jar.stream()
                    .filter(e -> e.getName().endsWith("/pom.properties"))
                    .toList()) {
                Properties properties = new Properties();
                properties.load(jar.getInputStream(entry));
                String name = properties.getProperty("groupId") + ":" + properties.getProperty("artifactId");
                if (!name.equals("org.fednano:fednano-submit")) { // the jar itself
                    found.put(name, properties.getProperty("version"));
                }
            }
        }
        return found;
    }
}
