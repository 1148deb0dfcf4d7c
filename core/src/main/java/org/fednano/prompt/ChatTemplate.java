package org.fednano.prompt;

import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.Template;
import org.fednano.jinja.base.JinjaException;

/**
 * A model's own chat template, in Jinja, rendered as transformers does without tools and documents. Texts are data: nothing in
 * them is run as a template.
 */
public final class ChatTemplate {

    /**
     * What {@code strftime_now} tells, whatever the day: a prompt, and with it cached features, must not change overnight. It
     * is the date that Llama 3's own templates fall back on.
     */
    static final LocalDateTime TODAY = LocalDateTime.of(2024, 7, 26, 0, 0);

    private final Template template; // null: it cannot be read
    private final String unreadable;
    private final Map<String, String> specialTokens;

    /**
     * @param source the template; what is wrong with it is told when it is rendered
     * @param specialTokens {@code bos_token}, {@code eos_token} and the like; those that the model does not have are missing
     */
    public ChatTemplate(String source, Map<String, String> specialTokens) {
        Template read = null;
        String why = "";
        try {
            read = Template.of(source, TODAY);
        } catch (JinjaException e) {
            why = e.getMessage();
        }
        this.template = read;
        this.unreadable = why;
        this.specialTokens = Map.copyOf(specialTokens);
    }

    /** A template that cannot be rendered; the message says why. */
    static final class Failure extends Exception {
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
    String render(List<Map<String, Object>> messages, boolean generationPrompt) throws Failure {
        if (template == null) {
            throw new Failure(unreadable);
        }
        Map<String, Object> values = new HashMap<>(specialTokens);
        values.put("messages", messages);
        values.put("tools", null);
        values.put("documents", null);
        values.put("add_generation_prompt", generationPrompt);
        try {
            return template.render(values);
        } catch (JinjaException e) {
            throw new Failure(String.valueOf(e.getMessage()));
        }
    }
}
