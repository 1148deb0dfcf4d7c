package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.Values;

/**
 * A conversation cut at each answer.
 *
 * @param answers in order
 * @param marks places in all turns where an image is shown
 */
record Conversation(List<Answer> answers, int marks) {

    /**
     * What the assistant said.
     *
     * @param context the turns before the question, one line each behind {@code USER:} or {@code ASSISTANT:}
     * @param question the user's turn before it
     * @param marks images shown until then
     */
    record Answer(String context, String question, String text, int marks) {}

    /**
     * Reads turns {@code {"from": "human" | "gpt" | "system", "value": …}}; {@code user} and {@code assistant} are read
     * too. User and assistant must take turns, behind at most one system text.
     *
     * @param mark where an image is shown; removed from the texts
     * @param maxContext characters that all contexts may have together: they grow with the square of the turns
     * @throws RecordRejected if the turns are no conversation, hold no answer, or are too many
     */
    static Conversation of(JsonNode turns, String mark, long maxContext) throws RecordRejected {
        if (!turns.isArray()) {
            throw new RecordRejected(
                    RejectReason.BAD_CONVERSATION,
                    "'conversations' must be a list of turns: found " + Values.found(turns));
        }
        List<Answer> answers = new ArrayList<>();
        StringBuilder before = new StringBuilder();
        String question = null;
        int marks = 0;
        long contexts = 0;
        for (int i = 0; i < turns.size(); i++) {
            String from = RecordFields.text(turns.get(i), "from", "").strip();
            String value = RecordFields.text(turns.get(i), "value", "");
            OtherMedia.refuseMarks(value, mark, i);
            marks += count(value, mark);
            String text = value.replace(mark, "").strip();
            switch (from) {
                case "system" -> {
                    refuseUnless(i == 0, i, from);
                    before.append(text);
                }
                case "human", "user" -> {
                    refuseUnless(question == null, i, from);
                    question = text;
                }
                case "gpt", "assistant" -> {
                    refuseUnless(question != null, i, from);
                    contexts += before.length();
                    refuseLong(contexts, maxContext);
                    answers.add(new Answer(before.toString(), question, text, marks));
                    line(line(before, "USER: ", question), "ASSISTANT: ", text);
                    question = null;
                }
                default -> refuseUnless(false, i, from);
            }
        }
        if (answers.isEmpty()) {
            throw new RecordRejected(RejectReason.BAD_CONVERSATION, "a turn of the assistant is needed: found none");
        }
        return new Conversation(answers, marks);
    }

    private static StringBuilder line(StringBuilder text, String who, String said) {
        return text.append(text.isEmpty() ? "" : "\n").append(who).append(said);
    }

    private static int count(String text, String mark) {
        int n = 0;
        for (int at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length())) {
            n++;
        }
        return n;
    }

    private static void refuseLong(long contexts, long most) throws RecordRejected {
        if (contexts > most) {
            throw new RecordRejected(
                    RejectReason.RECORD_TOO_LARGE,
                    "the earlier turns of all answers may have prepare.max_record_bytes = " + most
                            + " characters together; cut the conversation in parts");
        }
    }

    private static void refuseUnless(boolean fits, int turn, String from) throws RecordRejected {
        if (!fits) {
            throw new RecordRejected(
                    RejectReason.BAD_CONVERSATION,
                    "turns must alternate between human and gpt, behind at most one of system: found '" + from
                            + "' as turn " + (turn + 1));
        }
    }
}
