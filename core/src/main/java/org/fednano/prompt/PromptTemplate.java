package org.fednano.prompt;

import java.util.Collections;
import org.fednano.sample.Sample;

/** A sample as prompt text, by the model's chat template or by {@code prompt.template}. */
final class PromptTemplate {

    private static final String IMAGE = "{image}";

    private final PromptStyle style;
    private final String imageToken;
    private final ChatPrompt chat; // null: a plain template
    private final String ending;
    private final String lead;
    private final String behind;

    /**
     * @param imageToken the tokenizer's own mark for a picture, such as {@code <image>}
     * @throws org.fednano.settings.JobException with status 3 if the chat template cannot be used
     */
    PromptTemplate(PromptStyle style, String imageToken) {
        this.style = style;
        this.imageToken = imageToken;
        if (style.isChat()) {
            chat = new ChatPrompt(style.chat(), style.chatFile(), imageToken);
            ending = chat.turn(1).after();
            var around = chat.answer().orElse(new ChatPrompt.Around("", ""));
            lead = around.before();
            behind = around.behind().strip();
        } else {
            chat = null;
            ending = style.template().substring(style.template().lastIndexOf('}') + 1);
            lead = ending.isBlank() || !ending.equals(ending.stripTrailing()) ? "" : " ";
            behind = "";
        }
    }

    /** Text that ends every prompt; may be empty. */
    String ending() {
        return ending;
    }

    /** What stands between a prompt and its answer, such as a blank. */
    String lead() {
        return lead;
    }

    /** What the chat template writes behind an answer, its end token first if it has one; may be empty. */
    String behind() {
        return behind;
    }

    /** Prompt of a sample: one image token per medium. */
    String fill(Sample sample) {
        return chat == null
                ? fill(style.template(), sample)
                : chat.prompt(sample.media().size(), fill(style.user(), sample));
    }

    /** Fields by a sample's own; media each on a line of its own, where the template has its first place. */
    private String fill(String template, Sample sample) {
        StringBuilder text = new StringBuilder();
        boolean placed = sample.media().isEmpty();
        int from = 0;
        while (from < template.length()) {
            int open = template.indexOf('{', from);
            int close = open < 0 ? -1 : template.indexOf('}', open);
            if (close < 0) {
                break;
            }
            text.append(template, from, open);
            String field = template.substring(open, close + 1);
            from = close + 1;
            switch (field) {
                case "{context}" -> text.append(plain(sample.context()));
                case "{question}" -> text.append(plain(sample.question()));
                case "{choices}" -> text.append(plain(String.join(", ", sample.choices())));
                case IMAGE -> {
                    if (!placed) {
                        text.append(String.join(
                                "\n", Collections.nCopies(sample.media().size(), imageToken)));
                        placed = true;
                    } else if (from < template.length() && template.charAt(from) == '\n') {
                        from++; // a place without a picture goes with its line
                    }
                }
                default -> text.append(field);
            }
        }
        return text.append(template, from, template.length()).toString();
    }

    /** A user's text never stands for a picture. */
    String plain(String text) {
        return text.contains(imageToken) ? text.replace(imageToken, " ") : text;
    }
}
