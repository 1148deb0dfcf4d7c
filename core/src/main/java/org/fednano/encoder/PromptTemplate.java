package org.fednano.encoder;

import java.util.Collections;
import org.fednano.sample.Sample;

/**
 * A sample as prompt text.
 *
 * @param template text in which {image}, {context}, {question} and {choices} are filled in; see {@code prompt.template}
 * @param imageToken the tokenizer's own mark for a picture, such as {@code <image>}
 */
record PromptTemplate(String template, String imageToken) {

    private static final String IMAGE = "{image}";

    /** Prompt of a sample: one image token per medium, each on a line of its own, where the template has its first place. */
    String fill(Sample sample) {
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
    private String plain(String text) {
        return text.contains(imageToken) ? text.replace(imageToken, " ") : text;
    }
}
