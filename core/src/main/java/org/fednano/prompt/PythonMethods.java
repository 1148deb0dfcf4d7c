package org.fednano.prompt;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/** Methods that Python's strings have and chat templates call; all else is looked up as Jinjava does. */
final class PythonMethods extends ELResolver {

    private PythonMethods() {}

    static ELResolver resolver() {
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        return resolver;
    }

    @Override
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        if (!(base instanceof String text)) {
            return null;
        }
        String[] args = Arrays.stream(arguments == null ? new Object[0] : arguments)
                .map(String::valueOf)
                .toArray(String[]::new);
        Object result = call(text, String.valueOf(method), args);
        if (result != null) {
            context.setPropertyResolved(true);
        }
        return result;
    }

    private static Object call(String text, String method, String[] args) {
        return switch (method + "/" + args.length) {
            case "upper/0" -> text.toUpperCase(Locale.ROOT);
            case "lower/0" -> text.toLowerCase(Locale.ROOT);
            case "title/0" -> title(text);
            case "capitalize/0" -> text.isEmpty()
                    ? text
                    : text.substring(0, 1).toUpperCase(Locale.ROOT)
                            + text.substring(1).toLowerCase(Locale.ROOT);
            case "strip/0" -> strip(text, true, true);
            case "lstrip/0" -> strip(text, true, false);
            case "rstrip/0" -> strip(text, false, true);
            case "strip/1" -> strip(text, args[0], true, true);
            case "lstrip/1" -> strip(text, args[0], true, false);
            case "rstrip/1" -> strip(text, args[0], false, true);
            case "startswith/1" -> text.startsWith(args[0]);
            case "endswith/1" -> text.endsWith(args[0]);
            case "replace/2" -> text.replace(args[0], args[1]);
            case "split/1" -> List.of(text.split(Pattern.quote(args[0]), -1));
            default -> null;
        };
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder(text.toLowerCase(Locale.ROOT));
        for (int i = 0; i < out.length(); i++) {
            if (i == 0 || !Character.isLetter(out.charAt(i - 1))) {
                out.setCharAt(i, Character.toUpperCase(out.charAt(i)));
            }
        }
        return out.toString();
    }

    /** Without Python's white space at its ends, which is more than Java's. */
    static String strip(String text, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (right && to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    private static String strip(String text, String characters, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && characters.indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        while (right && to > from && characters.indexOf(text.charAt(to - 1)) >= 0) {
            to--;
        }
        return text.substring(from, to);
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        // nothing of a string can be set
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public java.util.Iterator<java.beans.FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return null;
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }
}
