package org.fednano.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.SettingSource;
import org.fednano.settings.Settings;

/** The registered methods, the project's own and those of users' jars; their settings enter the catalogue from here. */
public final class Methods implements SettingSource {

    /** Made by the service loader. */
    public Methods() {}

    /**
     * The method that {@code run.strategy} names.
     *
     * @throws JobException with status 2 if a method cannot be loaded or two have one name
     */
    public static FederatedMethod of(Settings settings) {
        // The setting's check knows the same names.
        return new CheckedMethod(all().get(settings.get(RunKeys.STRATEGY)));
    }

    /** Every method by its name. */
    public static Map<String, FederatedMethod> all() {
        Map<String, FederatedMethod> methods = new TreeMap<>();
        try {
            for (FederatedMethod method : ServiceLoader.load(FederatedMethod.class, loader())) {
                add(methods, method);
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            throw JobException.usage("Each class named in META-INF/services/" + FederatedMethod.class.getName()
                    + " must be a method for Java 17 with a public constructor without arguments that works: found "
                    + e.getMessage() + (e.getCause() == null ? "" : " (" + e.getCause() + ")")
                    + ". Correct the jar that names it, or leave it out.");
        }
        return methods;
    }

    private static void add(Map<String, FederatedMethod> methods, FederatedMethod method) {
        String name = CheckedMethod.answer(method, "name()", method::name);
        if (!name.matches("[a-z0-9][a-z0-9-]*")) {
            throw JobException.usage("A method's name must be lower-case letters, digits and hyphens: found '" + name
                    + "' of " + method.getClass().getName() + ". Rename it.");
        }
        FederatedMethod other = methods.put(name, method);
        if (other != null && other.getClass() != method.getClass()) {
            throw JobException.usage("A method's name must be its own: found '" + name + "' twice, of "
                    + other.getClass().getName() + " and " + method.getClass().getName()
                    + ". Rename one, or leave its jar out.");
        }
    }

    /** Spark puts users' jars into the class loader of the thread. */
    private static ClassLoader loader() {
        ClassLoader ofThread = Thread.currentThread().getContextClassLoader();
        return ofThread == null ? Methods.class.getClassLoader() : ofThread;
    }

    @Override
    public Map<String, List<Setting<?>>> groups() {
        Map<String, List<Setting<?>>> groups = new LinkedHashMap<>();
        all().values().stream()
                .map(CheckedMethod::new)
                .filter(m -> !m.settings().isEmpty())
                .forEach(m -> groups.put("Method " + m.name() + ": " + m.meaning(), m.settings()));
        return groups;
    }

    @Override
    public List<String> choices(String key) {
        return key.equals(RunKeys.STRATEGY.key()) ? List.copyOf(all().keySet()) : List.of();
    }
}
