package org.fednano.runstore;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** What computes: enough, with the settings and fingerprints, to repeat a run. */
public final class Provenance {

    private static final String UNKNOWN = "unknown";

    private Provenance() {}

    /**
     * Versions of this project, Spark, Java and DJL; operating system, CPU and cores; the git commit if the environment
     * variable {@code FEDNANO_GIT_COMMIT} names it. What cannot be known is {@code unknown}.
     */
    public static Map<String, String> collect() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("fednano", mavenVersion("org.fednano", "fednano-spark-jobs"));
        versions.put("git_commit", orUnknown(System.getenv("FEDNANO_GIT_COMMIT")));
        versions.put("spark", orUnknown(org.apache.spark.package$.MODULE$.SPARK_VERSION()));
        versions.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        versions.put("djl", mavenVersion("ai.djl", "api"));
        versions.put(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        versions.put("cpu", cpu());
        versions.put("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
        return versions;
    }

    /** From the properties that Maven puts into a jar; unknown where classes lie in a folder. */
    private static String mavenVersion(String group, String artifact) {
        String resource = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = Provenance.class.getResourceAsStream(resource)) {
            if (in == null) {
                return UNKNOWN;
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version", UNKNOWN);
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** Kernels, and so the last bits of a run, depend on the type of CPU. */
    private static String cpu() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith("model name"))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(UNKNOWN);
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    private static String orUnknown(String value) {
        return value == null || value.isBlank() ? UNKNOWN : value;
    }
}
