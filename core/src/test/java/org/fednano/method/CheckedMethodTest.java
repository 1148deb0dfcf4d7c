package org.fednano.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Merger;
import org.fednano.merger.Merging;
import org.fednano.merger.WeightedMean;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;

/** Whatever a user's method throws or leaves out is refused in its name. */
class CheckedMethodTest {

    private static final Settings SETTINGS = Settings.load(List.of(), List.of());
    private static final float[] THETA = {1, 2, 3};
    private static final AdapterLayout LAYOUT = AdapterLayout.of("image", 2, 1, 1);

    private static <T> T broken() {
        throw new IllegalStateException("boom");
    }

    private static void refused(ExitStatus status, String part, Runnable call) {
        JobException e = assertThrows(JobException.class, call::run, part);
        assertEquals(status, e.status());
        for (String word : List.of(FakeMethod.class.getName(), part, "Mend the method")) {
            assertTrue(e.getMessage().contains(word), e.getMessage());
        }
    }

    private static ClientRule client(ClientRule rule) {
        return new CheckedMethod(new FakeMethod(List::of, () -> rule, () -> null)).client(SETTINGS);
    }

    private static ServerRule server(Supplier<ServerRule> rule) {
        return server(rule, SETTINGS);
    }

    private static ServerRule server(Supplier<ServerRule> rule, Settings settings) {
        return new CheckedMethod(new FakeMethod(List::of, () -> ClientRule.PLAIN, rule)).server(settings);
    }

    private static ClientRule uploading(List<ClientRule.Upload> uploads, Map<String, float[]> made) {
        return new ClientRule() {
            @Override
            public LocalRule begin(float[] theta, int epochs) {
                return new LocalRule() {
                    @Override
                    public Map<String, float[]> uploads(Pass pass) {
                        return made;
                    }
                };
            }

            @Override
            public List<Upload> uploads() {
                return uploads;
            }
        };
    }

    private static ServerRule keeping(List<String> names) {
        return new ServerRule() {
            @Override
            public Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state) {
                return null;
            }

            @Override
            public List<String> keeps() {
                return names;
            }
        };
    }

    @Test
    void whatItSaysOfItselfIsThere() {
        for (Supplier<List<Setting<?>>> settings : List.<Supplier<List<Setting<?>>>>of(
                () -> null, CheckedMethodTest::broken, () -> Arrays.asList((Setting<?>) null))) {
            CheckedMethod method = new CheckedMethod(new FakeMethod(settings, () -> null, () -> null));
            refused(ExitStatus.USAGE, "settings()", method::settings);
        }
    }

    @Test
    void itsSettingsCanBeTyped() {
        for (String key : List.of("", "bare", "two words.x", "dots..x", ".x", "quoted.\"x\"")) {
            Setting<Double> setting = Setting.ofDouble(key, 1, 0, 2, "How much.");
            CheckedMethod method = new CheckedMethod(new FakeMethod(() -> List.of(setting), () -> null, () -> null));
            refused(ExitStatus.USAGE, "'" + key + "'", method::settings);
        }
    }

    @Test
    void aClientsRuleIsThereAndTravels() {
        int[] held = {0};
        Object heavy = new Object();
        refused(ExitStatus.USAGE, "client(settings)", () -> client(null));
        refused(
                ExitStatus.USAGE,
                "java.lang.Object",
                () -> client((theta, epochs) -> {
                    held[0] += heavy.hashCode();
                    return LocalRule.NOTHING;
                }));
        refused(ExitStatus.USAGE, "uploads()", () -> client(uploading(null, Map.of())));
        ClientRule.Upload a = new ClientRule.Upload("a", false);
        ClientRule.Upload nameless = new ClientRule.Upload(null, false);
        for (List<ClientRule.Upload> wrong : List.of(
                List.of(a, a), List.of(nameless), Arrays.asList(a, null), List.of(new ClientRule.Upload("", true)))) {
            refused(ExitStatus.USAGE, "uploads()", () -> client(uploading(wrong, Map.of())));
        }
    }

    @Test
    void aClientsPartBeginsAndEnds() throws IOException {
        refused(ExitStatus.FAILED, "begin(", () -> client((theta, epochs) -> null)
                .begin(THETA, 1));
        refused(ExitStatus.FAILED, "boom", () -> client((theta, epochs) -> broken())
                .begin(THETA, 1));
        refused(ExitStatus.FAILED, "uploads(", () -> client(uploading(List.of(), null))
                .begin(THETA, 1)
                .uploads(null));
        float[] theta = THETA.clone();
        client((shared, epochs) -> {
                    shared[0] = 9;
                    return LocalRule.NOTHING;
                })
                .begin(theta, 1);
        assertArrayEquals(THETA, theta, "other clients start there too");
        try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
            out.writeObject(client(oddly()).begin(THETA, 1).uploads(null));
        }
    }

    /** Makes a map that cannot travel. */
    private static ClientRule oddly() {
        return (theta, epochs) -> new LocalRule() {
            @Override
            public Map<String, float[]> uploads(Pass pass) {
                return new AbstractMap<>() {
                    @Override
                    public Set<Entry<String, float[]>> entrySet() {
                        return Set.of(Map.entry("a", theta));
                    }
                };
            }
        };
    }

    @Test
    void aServersRuleIsThereAndMerges() {
        refused(ExitStatus.USAGE, "server(settings)", () -> server(() -> null));
        refused(ExitStatus.USAGE, "boom", () -> server(CheckedMethodTest::broken));
        for (List<String> names : Arrays.asList(
                null, List.of("m", "m"), List.of(""), List.of("two words"), Arrays.asList((String) null))) {
            refused(ExitStatus.USAGE, "keeps()", () -> server(() -> keeping(names)));
        }
        refused(ExitStatus.FAILED, "start(", () -> server(() -> keeping(List.of()))
                .start(LAYOUT, THETA, Map.of()));
        Merger merger = server(() -> (layout, theta, state) -> new FakeMerger()).start(LAYOUT, THETA, Map.of());
        refused(ExitStatus.FAILED, "add(", () -> merger.add(THETA, Map.of(), 1));
        refused(ExitStatus.FAILED, "merge()", merger::merge);
        Merger sound =
                server(() -> (layout, theta, state) -> new WeightedMean(theta)).start(LAYOUT, THETA, Map.of());
        sound.add(new float[] {3, 2, 1}, Map.of(), 2);
        assertArrayEquals(new float[] {3, 2, 1}, sound.merge().theta());
    }

    /** A user's merge may be anything: only who says that it is a mean is held. */
    @Test
    void aServersRuleSaysWhetherItsMergeCanBeHeld() {
        Settings clamped = SETTINGS.with(MethodKeys.CLAMP, 1);
        ServerRule mean = (layout, theta, state) -> new WeightedMean(theta);
        JobException e = assertThrows(JobException.class, () -> server(() -> mean, clamped));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("ServerRule.clampable"), e.getMessage());
        Merger merger = new Merging(Merging.Weights.UNIFORM, 1, 1, 1, -1, 1, 1)
                .around(server(() -> ServerRule.ofMeans(mean), clamped).start(LAYOUT, THETA, Map.of()), THETA, 3, true);
        for (float value : new float[] {0, 1, 100}) {
            merger.add(new float[] {value, value, value}, Map.of(), 1);
        }
        assertArrayEquals(new float[] {1, 1, 1}, merger.merge().theta());
        Merger none = server(() -> ServerRule.ofMeans((layout, theta, state) -> new FakeMerger()), clamped)
                .start(LAYOUT, THETA, Map.of());
        refused(ExitStatus.FAILED, "merge(clamp)", () -> none.merge(null));
        assertEquals(List.of("m"), ServerRule.ofMeans(keeping(List.of("m"))).keeps());
    }

    /** Merges nothing. */
    private static final class FakeMerger implements Merger {
        @Override
        public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
            broken();
        }

        @Override
        public int clients() {
            return 0;
        }

        @Override
        public Merged merge() {
            return null;
        }
    }

    /** A method put together by a test. */
    private record FakeMethod(
            Supplier<List<Setting<?>>> own, Supplier<ClientRule> onClients, Supplier<ServerRule> onServer)
            implements FederatedMethod {

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public String meaning() {
            return "a test's";
        }

        @Override
        public List<Setting<?>> settings() {
            return own.get();
        }

        @Override
        public ClientRule client(Settings settings) {
            return onClients.get();
        }

        @Override
        public ServerRule server(Settings settings) {
            return onServer.get();
        }
    }
}
