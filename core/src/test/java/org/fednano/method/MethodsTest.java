package org.fednano.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which methods there are, and what those do that are no more than a file. */
class MethodsTest {

    private static final AdapterLayout LAYOUT = AdapterLayout.of("image", 2, 1, 1);
    private static final float[][] CHANGES = {{0.5f, -0.25f, 0}, {0.125f, 0.5f, -1}, {-0.5f, 0.25f, 0.25f}};

    /** θ after three rounds of two clients each, whose mean change is a row of {@link #CHANGES}; their state follows. */
    private static float[][] threeRounds(String... sets) {
        Settings settings = Settings.load(List.of(), List.of(sets));
        ServerRule server = Methods.of(settings).server(settings);
        float[] theta = {1, -2, 0.5f};
        Map<String, float[]> state = Map.of();
        for (float[] change : CHANGES) {
            Merger merger = server.start(LAYOUT, theta, state);
            for (float share : new float[] {0.5f, 1.5f}) {
                float[] thetaK = new float[theta.length];
                for (int i = 0; i < theta.length; i++) {
                    thetaK[i] = theta[i] + share * change[i];
                }
                merger.add(thetaK, Map.of(), 7);
            }
            Merger.Merged merged = merger.merge();
            assertArrayEquals(new double[] {0.5, 0.5}, merged.shares());
            theta = merged.theta();
            state = merged.state();
        }
        Map<String, float[]> kept = state;
        return Stream.concat(Stream.of(theta), server.keeps().stream().map(kept::get))
                .toArray(float[][]::new);
    }

    /**
     * NumPy 2: {@code for x in changes: v = 0.8 * v + x; t = t + 0.5 * v} gives
     * {@code t = [1.4725, -1.73, -0.275], v = [-0.08, 0.49, -0.55]}.
     */
    @Test
    void fedAvgMIsMomentumOverTheMeanChange() {
        float[][] end = threeRounds("run.strategy=fedavgm", "fedavgm.learning_rate=0.5", "fedavgm.beta=0.8");
        assertArrayEquals(new float[] {1.4725f, -1.73f, -0.275f}, end[0], 1e-6f);
        assertArrayEquals(new float[] {-0.08f, 0.49f, -0.55f}, end[1], 1e-6f);
    }

    /**
     * NumPy 2: {@code for x in changes: m = 0.9 * m + 0.1 * x; v = 0.99 * v + 0.01 * x * x;
     * t = t + 0.1 * m / (np.sqrt(v) + 0.001)} gives the numbers below.
     */
    @Test
    void fedAdamIsTheFormulaOfThePaper() {
        float[][] end = threeRounds("run.strategy=fedadam", "fedadam.learning_rate=0.1", "fedadam.beta1=0.9");
        assertArrayEquals(new float[] {1.21040637f, -1.96744574f, 0.33824359f}, end[0], 1e-6f);
        assertArrayEquals(new float[] {0.00175f, 0.04975f, -0.065f}, end[1], 1e-6f);
        assertArrayEquals(new float[] {0.00510494f, 0.00371256f, 0.010525f}, end[2], 1e-6f);
    }

    @Test
    void fedProxPullsTowardsTheGlobalAdapter() {
        Settings settings = Settings.load(List.of(), List.of("run.strategy=fedprox", "fedprox.mu=0.5"));
        LocalRule rule = Methods.of(settings).client(settings).begin(new float[] {1, 2}, 1);
        float[] gradient = {10, 10};
        rule.step(new float[] {3, 1}, gradient);
        assertArrayEquals(new float[] {11, 9.5f}, gradient);
    }

    @Test
    void aMethodOfAUsersJarIsFoundByItsNameAndItsSettingsByTheirKeys(@TempDir Path folder) throws IOException {
        within(jar(folder, FakeOwnMethod.class), () -> {
            assertTrue(Methods.all().containsKey("own"), Methods.all().keySet().toString());
            Methods methods = new Methods();
            assertTrue(methods.choices("run.strategy").containsAll(List.of("own", "fednano")));
            assertTrue(methods.groups().toString().contains("Method own"), methods.groups()::toString);
        });
    }

    @Test
    void aNameIsItsOwnAndWellFormed(@TempDir Path folder) throws IOException {
        within(jar(folder, FakeClashingMethod.class), () -> refused("'fedavg' twice"));
        within(jar(folder, FakeMisnamedMethod.class), () -> refused("found 'Not A Name'"));
        within(jar(folder, MethodsTest.class), () -> refused("MethodsTest"));
    }

    @Test
    void aClassThatCannotBeLoadedIsNamedWithItsCause(@TempDir Path folder) throws IOException {
        within(jar(folder, FakeUnlicensedMethod.class), () -> refused("no licence file"));
        URL jar = jar(folder, FakeOwnMethod.class);
        String file = FakeOwnMethod.class.getName().replace('.', '/') + ".class";
        byte[] code;
        try (InputStream in = getClass().getClassLoader().getResourceAsStream(file)) {
            code = in.readAllBytes();
        }
        code[7] = 99; // a Java of the future
        Path later = folder.resolve("FakeOwnMethod").resolve(file);
        Files.createDirectories(later.getParent());
        Files.write(later, code);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new FakeSubmitLoader(jar, before)) {
            thread.setContextClassLoader(loader);
            refused("class file version 99");
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static void refused(String part) {
        JobException e = assertThrows(JobException.class, Methods::all);
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }

    /** A folder as good as a jar: it names a class of these tests. */
    private static URL jar(Path folder, Class<?> method) throws IOException {
        Path services = Files.createDirectories(folder.resolve(method.getSimpleName() + "/META-INF/services"));
        Files.writeString(services.resolve(FederatedMethod.class.getName()), method.getName());
        return services.getParent().getParent().toUri().toURL();
    }

    private static void within(URL jar, Runnable test) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar}, before)) {
            thread.setContextClassLoader(loader);
            test.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Looks into the jar first for the one class that these tests have too. */
    private static final class FakeSubmitLoader extends URLClassLoader {

        FakeSubmitLoader(URL jar, ClassLoader parent) {
            super(new URL[] {jar}, parent);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return name.equals(FakeOwnMethod.class.getName()) ? findClass(name) : super.loadClass(name, resolve);
        }
    }

    /** One that needs what is not there. */
    public static final class FakeUnlicensedMethod extends FakeOwnMethod {

        private static final long serialVersionUID = 1L;

        public FakeUnlicensedMethod() {
            throw new IllegalStateException("no licence file");
        }
    }

    /** One that a user might write. */
    public static class FakeOwnMethod implements FederatedMethod {

        private static final long serialVersionUID = 1L;

        private static final Setting<Double> STRENGTH =
                Setting.ofDouble("own.strength", 1, 0, 2, "How much.").pinned();

        @Override
        public String name() {
            return "own";
        }

        @Override
        public String meaning() {
            return "a test's";
        }

        @Override
        public List<Setting<?>> settings() {
            return List.of(STRENGTH);
        }

        @Override
        public ServerRule server(Settings settings) {
            return new FedAvg().server(settings);
        }
    }

    /** One with the name of another. */
    public static final class FakeClashingMethod extends FakeOwnMethod {

        private static final long serialVersionUID = 1L;

        @Override
        public String name() {
            return "fedavg";
        }
    }

    /** One whose name could not be typed. */
    public static final class FakeMisnamedMethod extends FakeOwnMethod {

        private static final long serialVersionUID = 1L;

        @Override
        public String name() {
            return "Not A Name";
        }
    }
}
