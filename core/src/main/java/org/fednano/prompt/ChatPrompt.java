package org.fednano.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.fednano.settings.JobException;

/**
 * What a chat template writes around one user turn: the media first, then the user's text, then the opened turn of the
 * assistant. A mark in the place of a text shows what the template writes around any. May be called from many threads.
 */
public final class ChatPrompt {

    /** Stand for a text while the template runs; private characters, the same in upper and lower case. */
    private static final String USER_MARK = "\uE010\uE011\uE012";

    private static final String ANSWER_MARK = "\uE020\uE021\uE022";

    /** Characters of a rendering in a message. */
    private static final int MOST_SHOWN = 300;

    /** Characters of a text that the template itself is given; a longer one is put into the frame. */
    private static final int LONGEST_GIVEN = 200_000;

    private static final String WAY_OUT =
            " Set prompt.template to a text such as \"USER: {image}\\n{question} ASSISTANT:\".";

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

        /** The whole prompt, of a template that does not look into the text. */
        public String around(String user) {
            int from = 0;
            int to = user.length();
            while (stripLeft && from < to && isSpace(user.charAt(from))) {
                from++;
            }
            while (stripRight && to > from && isSpace(user.charAt(to - 1))) {
                to--;
            }
            return before + user.substring(from, to) + after;
        }

        /** Python's white space is more than Java's. */
        private static boolean isSpace(char c) {
            return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
        }
    }

    /** Text on both sides of an answer. */
    public record Around(String before, String behind) {}

    /** What came of a try: a text, or why there is none. */
    private record Attempt(String content, String rendered, String failure) {

        /** For messages. */
        String shown() {
            String outcome = rendered == null ? "it fails with '" + failure + "'" : "it writes '" + cut(rendered) + "'";
            return "given " + content + ", " + outcome;
        }
    }

    /**
     * Templates of processors take a list of contents, those of text models a text: the one that gives back one picture and one
     * text is right.
     *
     * @param template the model's
     * @param file where it came from, for messages
     * @param medium the tokenizer's own mark for a picture, such as {@code <image>}
     * @throws JobException with status 3 if the template cannot be rendered, or leaves out the picture or the text
     */
    public ChatPrompt(ChatTemplate template, String file, String medium) {
        this.template = template;
        this.file = file;
        this.medium = medium;
        List<Attempt> attempts = Stream.of(true, false)
                .map(asList -> attempt(asList, List.of(user(1, USER_MARK, asList)), true))
                .toList();
        this.listed = isWhole(attempts.get(0), 1);
        if (!listed && !isWhole(attempts.get(1), 1)) {
            throw refusal("must write the user's text and one medium (" + medium + ") once", attempts);
        }
        turn(1);
    }

    private Attempt attempt(boolean asList, List<Map<String, Object>> messages, boolean generationPrompt) {
        String content = asList ? "a list of contents" : "the content as a text";
        try {
            return new Attempt(content, template.render(messages, generationPrompt), "");
        } catch (ChatTemplate.Failure e) {
            return new Attempt(content, null, e.getMessage());
        }
    }

    private JobException refusal(String expected, List<Attempt> attempts) {
        boolean same = attempts.stream().map(Attempt::failure).distinct().count() == 1
                && attempts.get(0).rendered() == null;
        String found = same
                ? "it fails with '" + attempts.get(0).failure() + "'"
                : String.join("; ", attempts.stream().map(Attempt::shown).toList());
        return JobException.badInput("The chat template in " + file + " " + expected + ": " + found + "." + WAY_OUT);
    }

    private boolean isWhole(Attempt attempt, int media) {
        return attempt.rendered() != null
                && count(attempt.rendered(), USER_MARK) == 1
                && count(attempt.rendered(), medium) == media;
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

    private static String cut(String text) {
        String shown = text.replace(USER_MARK, "{question}").replace(ANSWER_MARK, "{answer}");
        return shown.length() <= MOST_SHOWN ? shown : shown.substring(0, MOST_SHOWN) + " ...";
    }

    /**
     * The frame for a number of media.
     *
     * @throws JobException with status 3 if the template does not place each of them once
     */
    public Turn turn(int media) {
        return turns.computeIfAbsent(media, this::frame);
    }

    private Turn frame(int media) {
        Attempt plain = attempt(listed, List.of(user(media, USER_MARK, listed)), true);
        Attempt spaced = attempt(listed, List.of(user(media, " " + USER_MARK + " ", listed)), true);
        for (Attempt attempt : List.of(plain, spaced)) {
            if (!isWhole(attempt, media)) {
                throw refusal(
                        "must write the user's text and " + media + " media (" + medium + ") once", List.of(attempt));
            }
        }
        int at = plain.rendered().indexOf(USER_MARK);
        int atSpaced = spaced.rendered().indexOf(USER_MARK);
        String before = plain.rendered().substring(0, at);
        String after = plain.rendered().substring(at + USER_MARK.length());
        return new Turn(
                before,
                after,
                spaced.rendered().substring(0, atSpaced).equals(before),
                spaced.rendered().substring(atSpaced + USER_MARK.length()).equals(after));
    }

    /**
     * The prompt for a text. The template is given the text itself, as some look into it.
     *
     * @param user must not hold the mark for a picture
     * @throws JobException with status 3 if the template fails for this text, or loses one of its media
     */
    public String prompt(int media, String user) {
        Turn turn = turn(media);
        if (user.length() > LONGEST_GIVEN) {
            return turn.around(user);
        }
        Attempt attempt = attempt(listed, List.of(user(media, user, listed)), true);
        if (attempt.rendered() == null || count(attempt.rendered(), medium) != media) {
            throw refusal(
                    "must write each of " + media + " media (" + medium + ") once with the text '" + cut(user) + "'",
                    List.of(attempt));
        }
        return attempt.rendered();
    }

    /**
     * What the template writes before and behind an answer; empty if it does not continue the prompt with one.
     *
     * @throws JobException with status 3 if the template fails as soon as there is an answer
     */
    public Optional<Around> answer() {
        List<Attempt> attempts = Stream.of(listed, false)
                .distinct()
                .map(asList -> attempt(asList, List.of(user(1, USER_MARK, listed), assistant(asList)), false))
                .toList();
        Optional<String> rendered = attempts.stream()
                .map(Attempt::rendered)
                .filter(text -> text != null && text.contains(ANSWER_MARK))
                .findFirst();
        if (rendered.isEmpty() && attempts.stream().anyMatch(a -> a.rendered() == null)) {
            throw refusal("must render an answer behind its prompt", attempts);
        }
        return rendered.flatMap(this::continued);
    }

    private static Map<String, Object> assistant(boolean asList) {
        Object content = asList ? List.of(Map.of("type", "text", "text", ANSWER_MARK)) : ANSWER_MARK;
        return Map.of("role", "assistant", "content", content);
    }

    private Optional<Around> continued(String rendered) {
        String prompt = turn(1).around(USER_MARK);
        int at = rendered.indexOf(ANSWER_MARK);
        return at < prompt.length() || !rendered.startsWith(prompt)
                ? Optional.empty()
                : Optional.of(new Around(
                        rendered.substring(prompt.length(), at), rendered.substring(at + ANSWER_MARK.length())));
    }
}
