package org.fednano.method;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.fednano.adapter.AdapterLayout;
import org.fednano.merger.Clamp;
import org.fednano.merger.Merger;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * A method as the framework uses it. Its code may be a user's: what it throws, or leaves out, is refused in its name before
 * other code stumbles over it.
 */
record CheckedMethod(FederatedMethod method) implements FederatedMethod {

    private static final String KEYS = "[A-Za-z][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)+";
    private static final String NAMES = "[A-Za-z0-9][A-Za-z0-9_.-]*";

    @Override
    public String name() {
        return method.name();
    }

    @Override
    public String meaning() {
        return answer(method, "meaning()", method::meaning);
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = answer(method, "settings()", method::settings);
        for (Setting<?> setting : settings) {
            String key = answer(method, "each of settings()", () -> setting).key();
            if (!key.matches(KEYS)) {
                throw refusal(
                        who(method),
                        ExitStatus.USAGE,
                        "the key of a setting must be a group and a name, such as my-method.strength: found '" + key
                                + "'",
                        null);
            }
        }
        return settings;
    }

    @Override
    public ClientRule client(Settings settings) {
        ClientRule rule = answer(method, "client(settings)", () -> method.client(settings));
        requireSerialisable(rule);
        List<ClientRule.Upload> uploads = answer(method, "uploads() of its client's rule", () -> uploads(rule));
        requireNames("uploads()", uploads.stream().map(ClientRule.Upload::name).toList());
        return new Client(who(method), rule, uploads);
    }

    @Override
    public ServerRule server(Settings settings) {
        ServerRule rule = answer(method, "server(settings)", () -> method.server(settings));
        List<String> keeps = answer(method, "keeps() of its server's rule", rule::keeps);
        requireNames("keeps()", keeps);
        boolean clampable = answer(method, "clampable() of its server's rule", rule::clampable);
        if (!clampable && settings.get(MethodKeys.CLAMP) > 0) {
            throw JobException.usage("Setting 'merger.clamp' must be 0 with run.strategy = "
                    + settings.get(RunKeys.STRATEGY) + ", merger.space = " + settings.get(MethodKeys.MERGER_SPACE)
                    + " and merger.refactor = " + settings.get(MethodKeys.MERGER_REFACTOR) + ": found '"
                    + settings.get(MethodKeys.CLAMP) + "'. The reason: values can be held where each is a mean of"
                    + " what clients sent for it, and this merge gives other ones, or does not say that it gives such"
                    + " (ServerRule.clampable). Set it to 0, or choose another strategy.");
        }
        return new Server(who(method), rule, List.copyOf(keeps), clampable);
    }

    /** The method's answer; settings alone decide it, so what is wrong with it is wrong usage. */
    static <T> T answer(FederatedMethod method, String part, Supplier<T> call) {
        return answer(who(method), ExitStatus.USAGE, part, call);
    }

    private static <T> T answer(String who, ExitStatus status, String part, Supplier<T> call) {
        T answer;
        try {
            answer = call.get();
        } catch (JobException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw refusal(who, status, part + " must give an answer: it failed with " + e, e);
        }
        if (answer == null) {
            throw refusal(who, status, part + " must give an answer: found null", null);
        }
        return answer;
    }

    private static JobException refusal(String who, ExitStatus status, String what, Throwable cause) {
        return new JobException(status, who + ": " + what + ". Mend the method, or leave its jar out.", cause);
    }

    private static String who(FederatedMethod method) {
        return "The method in class " + method.getClass().getName();
    }

    private static List<ClientRule.Upload> uploads(ClientRule rule) {
        return List.copyOf(rule.uploads()); // no null among them
    }

    private void requireNames(String part, List<String> names) {
        if (new HashSet<>(names).size() < names.size()
                || names.stream().anyMatch(name -> name == null || !name.matches(NAMES))) {
            throw refusal(
                    who(method),
                    ExitStatus.USAGE,
                    part + " must have distinct names of letters, digits, '_', '.' and '-': found " + names,
                    null);
        }
    }

    private void requireSerialisable(ClientRule rule) {
        try (ObjectOutputStream out = new ObjectOutputStream(OutputStream.nullOutputStream())) {
            out.writeObject(rule);
        } catch (IOException e) {
            throw refusal(
                    who(method),
                    ExitStatus.USAGE,
                    "its client's rule travels to the clients, so all that it holds must be serialisable: found what is"
                            + " not (" + e.getMessage() + ")",
                    e);
        }
    }

    private record Client(String who, ClientRule rule, List<Upload> uploads) implements ClientRule {

        @Override
        public LocalRule begin(float[] theta, int epochs) {
            // Of its own: in one JVM all clients share θ.
            LocalRule local = answer(
                    who, ExitStatus.FAILED, "begin(…) of its client's rule", () -> rule.begin(theta.clone(), epochs));
            return new Local(who, local);
        }

        @Override
        public int furtherRows(int n) {
            return rule.furtherRows(n);
        }
    }

    private record Local(String who, LocalRule rule) implements LocalRule {

        @Override
        public Optional<Consumer<float[]>> samples(int epoch) {
            return answer(who, ExitStatus.FAILED, "samples(…) of its client's rule", () -> rule.samples(epoch));
        }

        @Override
        public void step(float[] theta, float[] gradient) {
            rule.step(theta, gradient);
        }

        @Override
        public Map<String, float[]> uploads(Pass pass) {
            Map<String, float[]> uploads = rule.uploads(pass); // what it throws may be the endpoint's
            return new LinkedHashMap<>(
                    answer(who, ExitStatus.FAILED, "uploads(…) of its client's rule", () -> uploads));
        }
    }

    private record Server(String who, ServerRule rule, List<String> keeps, boolean clampable) implements ServerRule {

        @Override
        public Merger start(AdapterLayout layout, float[] theta, Map<String, float[]> state) {
            Merger merger = answer(
                    who, ExitStatus.FAILED, "start(…) of its server's rule", () -> rule.start(layout, theta, state));
            return new Merging(who, merger);
        }
    }

    private record Merging(String who, Merger merger) implements Merger {

        @Override
        public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
            answer(who, ExitStatus.FAILED, "add(…) of its merger", () -> {
                merger.add(thetaK, uploads, weight);
                return true;
            });
        }

        @Override
        public boolean letGo() {
            return merger.letGo();
        }

        @Override
        public int clients() {
            return merger.clients();
        }

        @Override
        public Merged merge() {
            return answer(who, ExitStatus.FAILED, "merge() of its merger", merger::merge);
        }

        @Override
        public Merged merge(Clamp clamp) {
            return answer(who, ExitStatus.FAILED, "merge(clamp) of its merger", () -> merger.merge(clamp));
        }
    }
}
