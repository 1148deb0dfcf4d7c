import java.nio.file.Path;
import org.fednano.weights.HfModelFolder;

/**
 * Writes fingerprints.json, which test_fingerprint.py holds the package's fingerprints against, from the JVM's own. From the
 * repository's root, after {@code tests/benchmarks/run}, which leaves the class path there:
 *
 * <pre>java -cp "$(cat tests/target/classpath.txt)" llm-endpoint/gpu/tests/Fingerprints.java conf/models/nano-llava \
 * llm-endpoint/gpu/tests/odd-json tests/src/test/resources/parity/* &gt; llm-endpoint/gpu/tests/fingerprints.json</pre>
 */
final class Fingerprints {
    public static void main(String[] folders) {
        StringBuilder json = new StringBuilder("{");
        for (String folder : folders) {
            for (String dtype : new String[] {"FP32", "FP16", "BF16"}) {
                json.append(json.length() == 1 ? "\n" : ",\n")
                        .append("\"" + folder + " " + dtype + "\": \"")
                        .append(HfModelFolder.open(Path.of(folder)).fingerprint(dtype) + "\"");
            }
        }
        System.out.println(json + "\n}");
    }
}
