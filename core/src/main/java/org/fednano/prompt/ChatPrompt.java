package org.fednano.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.fednano.settings.JobException;

/**
 * What a chat template writes around one user turn: the media first, then the user's text, then the opened turn of the
 * assistant. The template sees a mark where the user's text will stand, so that no text of a user is ever part of a
 * template, and each number of media is rendered once. May be called from many threads.
 */
public final class ChatPrompt {

    /** Stands for the user's text while the template runs; private characters, the same in upper and lower case. */
    /** Characters of a rendering in a message. */
    private static final int MOST_SHOWN = 300;

    private static final String USER_MARK = "\uE010\uE011\uE012";

    private static final String ANSWER_MARK = "\uE020\uE021\uE022";

    private final ChatTemplate template;
    private final String file;
    private final String medium;
    private final boolean listed;
    private final ConcurrentMap<Integer, Turn> turns = new ConcurrentHashMap<>();

    /**
     * @param before text before the user's, with its media
     * @param after text after it, up to where the assistant begins
     * @param stripLeft whether the template takes white space from the left end of the user's text
     * @param stripRight and from the right end
     */
    public record Turn(String before, String after, boolean stripLeft, boolean stripRight) {

        /** The whole prompt. */
        public String around(String user) {
            return before + PythonMethods.strip(user, stripLeft, stripRight) + after;
        }
    }

    /**
     * @param template the model's
     * @param file where it came from, for messages
     * @param medium the tokenizer's own mark for a picture, such as {@code <image>}
     * @throws JobException with status 3 if the template cannot be rendered, or leaves out the picture or the text
     */
    public ChatPrompt(ChatTemplate template, String file, String medium) {
        this.template = template;
        this.file = file;
        this.medium = medium;
        this.listed = takesLists();
        turn(1);
    }

    /**
     * Templates of processors take a list of contents, those of text models a text: the one that gives back one picture and
     * one text is right.
     */
    private boolean takesLists() {
        try {
            return isWhole(template.render(List.of(user(1, USER_MARK, true)), true), 1);
        } catch (ChatTemplate.Failure e) {
            return false;
        }
    }

    private boolean isWhole(String rendered, int media) {
        return count(rendered, USER_MARK) == 1 && count(rendered, medium) == media;
    }

    private static int count(String text, String part) {
        int count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private Map<String, Object> user(int media, String text, boolean asList) {
        if (!asList) {
            return Map.of("role", "user", "content", (medium + "\n").repeat(media) + text);
        }
        List<Map<String, Object>> content = new ArrayList<>();
        for (int i = 0; i < media; i++) {
            content.add(Map.of("type", "image"));
        }
        content.add(Map.of("type", "text", "text", text));
        return Map.of("role", "user", "content", content);
    }

    /**
     * The frame for a number of media.
     *
     * @throws JobException with status 3 if the template does not place each of them once
     */
    public Turn turn(int media) {
        return turns.computeIfAbsent(media, this::render);
    }

    private static String shown(String text) {
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + " ...";
    }

    private Turn render(int media) {
        String rendered = render(List.of(user(media, USER_MARK, listed)), true);
        String spaced = render(List.of(user(media, " " + USER_MARK + " ", listed)), true);
        if (!isWhole(rendered, media) || count(spaced, USER_MARK) != 1) {
            throw JobException.badInput("The chat template in " + file + " must write the user's text and each of "
                    + media + " media (" + medium + ") once: found '"
                    + shown(rendered.replace(USER_MARK, "{question}"))
                    + "'. Set prompt.template to a text such as \"USER: {image}\\n{question} ASSISTANT:\".");
        }
        int at = rendered.indexOf(USER_MARK);
        int atSpaced = spaced.indexOf(USER_MARK);
        String before = rendered.substring(0, at);
        String after = rendered.substring(at + USER_MARK.length());
        return new Turn(
                before,
                after,
                spaced.substring(0, atSpaced).equals(before),
                spaced.substring(atSpaced + USER_MARK.length()).equals(after));
    }

    private String render(List<Map<String, Object>> messages, boolean generationPrompt) {
        try {
            return template.render(messages, generationPrompt);
        } catch (ChatTemplate.Failure e) {
            throw JobException.badInput(
                    "The chat template in " + file + " must render one user turn: it fails with '" + e.getMessage()
                            + "'. Set prompt.template to a text such as \"USER: {image}\\n{question} ASSISTANT:\".",
                    e);
        }
    }

    /** What the template writes before and behind an answer; empty if it does not continue the prompt with one. */
    public Optional<Around> answer() {
        Map<String, Object> assistant = Map.of(
                "role",
                "assistant",
                "content",
                listed ? List.of(Map.of("type", "text", "text", ANSWER_MARK)) : ANSWER_MARK);
        String rendered;
        try {
            rendered = template.render(List.of(user(1, USER_MARK, listed), assistant), false);
        } catch (ChatTemplate.Failure e) {
            return Optional.empty();
        }
        String prompt = turn(1).around(USER_MARK);
        int at = rendered.indexOf(ANSWER_MARK);
        return at < prompt.length() || !rendered.startsWith(prompt)
                ? Optional.empty()
                : Optional.of(new Around(
                        rendered.substring(prompt.length(), at), rendered.substring(at + ANSWER_MARK.length())));
    }

    /** Text on both sides of an answer. */
    public record Around(String before, String behind) {}
}
