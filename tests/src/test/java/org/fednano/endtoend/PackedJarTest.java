package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar is complete: what was shaded, relocated or left out is noticed here, not by whoever calls a rare command. */
@Tag("slow")
class PackedJarTest {

    private static final Path JAR = CommandLine.ROOT.resolve("submit-scripts/target/fednano.jar");
    private static final String SPARK =
            CommandLine.ROOT.resolve("submit-scripts/spark-home/target/jars").toString();

    /** What libraries look for and do without; annotations are for compilers. */
    private static final List<String> OPTIONAL = List.of(
            "org.fednano.shaded.google.errorprone.annotations.",
            "org.fednano.shaded.google.j2objc.annotations.",
            "org.jspecify.annotations.",
            "com.oracle.svm.",
            "io.opentelemetry.",
            "reactor.blockhound.",
            // netty: compressions, TLS of other makers, certificates made on the spot
            "com.aayushatharva.brotli4j.",
            "com.jcraft.jzlib.",
            "lzma.sdk.",
            "org.conscrypt.",
            "org.bouncycastle.",
            "org.fednano.shaded.grpc.netty.shaded.io.netty.pkitesting.",
            // xchart: formats other than PNG
            "de.erichseifert.vectorgraphics2d.",
            "de.rototor.pdfbox.",
            "org.apache.pdfbox.",
            "com.madgag.gif.");

    @Test
    void noClassIsMissing() throws IOException {
        String spark; // the tool itself knows no patterns
        try (Stream<Path> jars = Files.list(Path.of(SPARK))) {
            spark = jars.map(Path::toString).collect(Collectors.joining(":"));
        }
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        StringWriter out = new StringWriter();
        PrintWriter to = new PrintWriter(out);
        jdeps.run(to, to, "--missing-deps", "-q", "--multi-release", "17", "-cp", spark, JAR.toString());
        List<String> missing = out.toString()
                .lines()
                .filter(line -> line.contains(" -> ") && line.endsWith("not found"))
                .map(String::strip)
                .filter(line -> !line.startsWith("fednano.jar"))
                .toList();
        assertTrue(missing.size() > 100, () -> "jdeps no longer says what it said: " + out);
        assertEquals(
                List.of(),
                missing.stream()
                        .filter(line -> OPTIONAL.stream().noneMatch(known -> line.substring(line.indexOf("-> ") + 3)
                                .startsWith(known)))
                        .toList());
    }

    @Test
    void everyServiceIsThere() throws IOException {
        List<String> missing = new ArrayList<>();
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<JarEntry> services = jar.stream()
                    .filter(e -> e.getName().startsWith("META-INF/services/") && !e.isDirectory())
                    .toList();
            assertTrue(services.size() > 5, services::toString);
            for (JarEntry service : services) {
                try (BufferedReader lines = new BufferedReader(
                        new InputStreamReader(jar.getInputStream(service), StandardCharsets.UTF_8))) {
                    lines.lines()
                            .map(line -> line.replaceFirst("#.*", "").strip())
                            .filter(line -> !line.isEmpty() && jar.getEntry(line.replace('.', '/') + ".class") == null)
                            .forEach(line -> missing.add(service.getName() + ": " + line));
                }
            }
        }
        assertEquals(List.of(), missing);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "generate",
                "prepare",
                "encode",
                "train",
                "round",
                "compare",
                "pretrain",
                "evaluate",
                "predict",
                "report",
                "export",
                "check",
                "endpoint serve",
                "endpoint check",
                "inspect"
            })
    void everyCommandSaysWhatItIs(String command) {
        List<String> words = new ArrayList<>(List.of(command.split(" ")));
        words.add("--help");
        new CommandLine().run(words.toArray(String[]::new)).expect(0).saying("Usage:", "--help");
    }

    /** With the jar's classes and Spark's, as a job has them. */
    @Test
    void templatesAreRenderedByTheJarAsByTheModules() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        String.join(
                                ":", JAR.toString(), SPARK + "/*", ownClasses().toString()),
                        TemplateReplay.class.getName(),
                        CommandLine.ROOT
                                .resolve("core/src/test/resources/jinja/constructs.json")
                                .toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        assertTrue(said.matches("(?s)[0-9]{4,} equal, 0 wrong.*"), said);
    }

    private static Path ownClasses() throws Exception {
        return Path.of(TemplateReplay.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }
}
