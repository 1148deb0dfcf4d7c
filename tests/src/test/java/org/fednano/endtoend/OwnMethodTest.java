package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A federated method that a user wrote, compiled against the project's jar and brought in a jar of its own. */
@Tag("slow")
class OwnMethodTest {

    private static final String SOURCE =
            """
            package com.example;

            import java.util.List;
            import org.fednano.merger.WeightedMean;
            import org.fednano.method.ClientRule;
            import org.fednano.method.FederatedMethod;
            import org.fednano.method.LocalRule;
            import org.fednano.method.ServerRule;
            import org.fednano.settings.Setting;
            import org.fednano.settings.Settings;

            /** Every batch's gradient is cut to a norm. */
            public final class ClippedAvg implements FederatedMethod {
                private static final Setting<Double> NORM =
                        Setting.ofDouble("clipped.norm", 1, 0, 1e6, "Norm of a gradient, at most.").pinned();

                @Override public String name() { return "clipped"; }
                @Override public String meaning() { return "fedavg with clipped gradients"; }
                @Override public List<Setting<?>> settings() { return List.of(NORM); }

                @Override public ClientRule client(Settings settings) {
                    double most = settings.get(NORM);
                    return (theta, epochs) -> new LocalRule() {
                        @Override public void step(float[] own, float[] gradient) {
                            double squares = 0;
                            for (float g : gradient) {
                                squares += (double) g * g;
                            }
                            double scale = Math.min(1, most / Math.sqrt(squares));
                            for (int i = 0; i < gradient.length; i++) {
                                gradient[i] *= (float) scale;
                            }
                        }
                    };
                }

                @Override public ServerRule server(Settings settings) {
                    return (layout, theta, state) -> new WeightedMean(theta);
                }
            }
            """;

    @Test
    void aMethodInAUsersJarTrains(@TempDir Path folder) throws IOException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, 1);
        fednano.run(federation.train("fedavg", "run.strategy=fedavg")).expect(0);
        fednano.run(federation.train("without", "run.strategy=clipped"))
                .expect(2)
                .saying("fedavgm", "clipped");

        fednano.with("FEDNANO_JARS", jar(folder).toString());
        fednano.run(federation.train("loose", "run.strategy=clipped", "clipped.norm=1e6"))
                .expect(0);
        fednano.run(federation.train("tight", "run.strategy=clipped", "clipped.norm=0"))
                .expect(0);
        federation.assertSame(federation.adapters("fedavg"), "loose", "a bound that binds nobody");
        assertEquals(2, federation.adapters("tight").size(), "committed: round 0 and round 1");
        String[] other = federation.train("tight", "run.strategy=clipped", "clipped.norm=2", "run.rounds=2");
        fednano.run(other).expect(2).saying("clipped.norm");
        fednano.run(federation.train("held", "run.strategy=clipped", "merger.clamp=1"))
                .expect(2)
                .saying("merger.clamp");
        fednano.run("settings").expect(0).saying("Method clipped: fedavg with clipped gradients");
    }

    private static Path jar(Path folder) throws IOException {
        Path source = Files.writeString(folder.resolve("ClippedAvg.java"), SOURCE);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        int status = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        CommandLine.ROOT
                                .resolve("submit-scripts/target/fednano.jar")
                                .toString(),
                        "-d",
                        classes.toString(),
                        source.toString());
        assertEquals(0, status);
        Path jar = folder.resolve("clipped.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            for (Path each : Files.walk(classes).filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(each).toString()));
                out.write(Files.readAllBytes(each));
            }
            out.putNextEntry(new JarEntry("META-INF/services/org.fednano.method.FederatedMethod"));
            out.write("com.example.ClippedAvg".getBytes(StandardCharsets.UTF_8));
        }
        assertTrue(Files.size(jar) > 0);
        return jar;
    }
}
