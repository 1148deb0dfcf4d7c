package org.fednano.prompt;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model's own chat template, in Jinja, rendered as transformers does: {@code trim_blocks} and {@code lstrip_blocks} on, no
 * tools, {@code raise_exception} and {@code strftime_now} at hand. Texts are data: nothing in them is run as a template.
 * Jinjava does the work; {@link JinjaDialect} and {@link PythonMethods} are what it lacks.
 */
public final class ChatTemplate {

    /**
     * What {@code strftime_now} tells, whatever the day: a prompt, and with it cached features, must not change overnight. It
     * is the date that Llama 3's own templates fall back on.
     */
    static final LocalDate TODAY = LocalDate.of(2024, 7, 26);

    private final String source;
    private final Map<String, String> specialTokens;

    /**
     * @param source the template
     * @param specialTokens {@code bos_token}, {@code eos_token} and the like; those that the model does not have are missing
     */
    public ChatTemplate(String source, Map<String, String> specialTokens) {
        this.source = JinjaDialect.forJinjava(source);
        this.specialTokens = Map.copyOf(specialTokens);
    }

    /** A template that cannot be rendered; the message says why. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** A template may put a whole prompt into its message. */
        private static final int MOST = 500;

        Failure(String message) {
            super(message.length() <= MOST ? message : message.substring(0, MOST) + " ...");
        }
    }

    /**
     * @param messages each with {@code role} and {@code content}: a text, or a list of maps with {@code type}
     * @param generationPrompt whether the assistant's turn is opened at the end
     * @throws Failure if the template raises an error, or asks for what is not supported
     */
    String render(List<Map<String, Object>> messages, boolean generationPrompt) {
        Map<String, Object> values = new HashMap<>(specialTokens);
        values.put("messages", messages);
        values.put("tools", null);
        values.put("documents", null);
        values.put("add_generation_prompt", generationPrompt);
        RenderResult result;
        try {
            result = Engine.JINJA.renderForResult(source, values);
        } catch (RuntimeException e) {
            throw new Failure(String.valueOf(e.getMessage()));
        }
        if (!result.getErrors().isEmpty()) {
            throw new Failure(reason(result.getErrors().get(0)));
        }
        return result.getOutput();
    }

    /** What {@code raise_exception} was given, or what Jinjava says. */
    private static String reason(TemplateError error) {
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            if (cause instanceof Failure failure) {
                return failure.getMessage();
            }
        }
        return error.getMessage();
    }

    /** {@code raise_exception} of transformers; public for Jinjava. */
    public static String raise(String message) {
        throw new Failure(message);
    }

    /** {@code strftime_now} of transformers; public for Jinjava. */
    public static String today(String format) {
        return format.replace("%Y", String.valueOf(TODAY.getYear()))
                .replace("%m", String.format(Locale.ROOT, "%02d", TODAY.getMonthValue()))
                .replace("%d", String.format(Locale.ROOT, "%02d", TODAY.getDayOfMonth()))
                .replace("%b", "Jul")
                .replace("%B", "July")
                .replace("%A", "Friday")
                .replace("%a", "Fri")
                .replace("%H", "00")
                .replace("%M", "00")
                .replace("%S", "00");
    }

    /** Built by the first template; most models need none. */
    private static final class Engine {

        /** A prompt's frame has a few KB at most; a template that writes more without end is stopped. */
        private static final long MOST_CHARACTERS = 1 << 20;

        static final Jinjava JINJA = make();

        private static Jinjava make() {
            LegacyOverrides asJinja2 = LegacyOverrides.newBuilder()
                    .withEvaluateMapKeys(true)
                    .withIterateOverMapKeys(true)
                    .withUsePyishObjectMapper(true)
                    .withUseNaturalOperatorPrecedence(true)
                    .withParseWhitespaceControlStrictly(true)
                    .withAllowAdjacentTextNodes(true)
                    .withUseTrimmingForNotesAndExpressions(true)
                    .withKeepNullableLoopValues(true)
                    .withHandleBackslashInQuotesOnly(true)
                    .build();
            Jinjava jinja = new Jinjava(JinjavaConfig.newBuilder()
                    .withTrimBlocks(true)
                    .withLstripBlocks(true)
                    .withKeepTrailingNewline(true) // the template's own last one is gone by then
                    .withNestedInterpretationEnabled(false)
                    .withMaxOutputSize(MOST_CHARACTERS)
                    .withElResolver(PythonMethods.resolver())
                    .withLegacyOverrides(asJinja2)
                    .build());
            jinja.getGlobalContext().registerTag(new GenerationTag());
            jinja.getGlobalContext()
                    .registerFunction(
                            new ELFunctionDefinition("", "raise_exception", ChatTemplate.class, "raise", String.class));
            jinja.getGlobalContext()
                    .registerFunction(
                            new ELFunctionDefinition("", "strftime_now", ChatTemplate.class, "today", String.class));
            return jinja;
        }
    }
}
