package org.fednano.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelType;

/** A sample's prompt as token ids, with one id that stands for media. */
public final class PromptIds {

    /** Marks a medium in the text of a model that has no token of its own for pictures: no tokenizer ever sees it. */
    private static final String OWN_MARK = "\uE000medium\uE000";

    private static final int OWN_ID = -1;

    private final PromptTokenizer tokenizer;
    private final PromptStyle style;
    private final PromptTemplate template;
    private final AnswerIds answers;
    private final String mark;
    private final int mediumId;

    /**
     * @param config {@code config.json}
     * @param tokenizerJson text of {@code tokenizer.json}
     * @param style how a prompt is put together
     * @param tokenizer made of {@code tokenizerJson}
     * @throws JobException with status 3 if it names an image token that the tokenizer does not have
     */
    public PromptIds(JsonNode config, String tokenizerJson, PromptStyle style, PromptTokenizer tokenizer) {
        this.tokenizer = tokenizer;
        mediumId = ModelType.imageToken(config, OWN_ID);
        mark = mediumId == OWN_ID ? OWN_MARK : imageTokenText(tokenizerJson);
        this.style = style;
        template = new PromptTemplate(style, mark);
        answers = new AnswerIds(config, style, template, TokenizerFile.parse(tokenizerJson), tokenizer);
    }

    private String imageTokenText(String tokenizerJson) {
        JsonNode added =
                HfModelFolder.json(tokenizerJson, Path.of("tokenizer.json")).path("added_tokens");
        for (JsonNode token : added) {
            if (token.path("id").asInt(-1) == mediumId) {
                return token.path("content").asText();
            }
        }
        throw JobException.badInput("tokenizer.json must hold the image token that config.json names by"
                + " image_token_index " + mediumId + " among its added_tokens: found " + added.size()
                + " others. The two files do not belong together.");
    }

    /** Token ids of an answer behind a prompt, end token included. */
    public int[] ofAnswer(String answer) {
        return answers.of(answer);
    }

    /** The id that stands on every token of a medium. */
    public int mediumId() {
        return mediumId;
    }

    /**
     * Ids of a sample's whole prompt.
     *
     * @param counts tokens of each of its media
     * @throws JobException with status 3 if the prompt has places for some of the media only
     */
    public int[] of(Sample sample, int[] counts) {
        int[] ids = encode(template.fill(sample));
        long places = Arrays.stream(ids).filter(id -> id == mediumId).count();
        if (places != 0 && places != counts.length) {
            throw JobException.badInput(
                    "The prompt of sample " + sample.sampleId() + " must have a place for each of its " + counts.length
                            + " media, or for none: found " + places + ". Change prompt.template.");
        }
        int[] medium = {0};
        return Arrays.stream(ids)
                .flatMap(id -> id == mediumId
                        ? IntStream.generate(() -> mediumId).limit(counts[medium[0]++])
                        : IntStream.of(id))
                .toArray();
    }

    /**
     * How many of a prompt's tokens are left when it is cut on the right. Part of a picture is none: a cut through a medium
     * goes in front of it.
     *
     * @param counts tokens of each of its media
     * @throws JobException with status 3 if not even the first medium is left
     */
    public int cut(Sample sample, int[] ids, int[] counts, int most) {
        int left = most;
        int medium = 0;
        for (int t = 0; t < left; ) {
            if (ids[t] != mediumId) {
                t++;
            } else if (t + counts[medium] > most && medium == 0) {
                throw JobException.badInput("Setting prompt.max_tokens must leave room for a whole picture: expected at"
                        + " least " + (t + counts[0]) + " for sample " + sample.sampleId() + ", found " + most + ".");
            } else if (t + counts[medium] > most) {
                left = t;
            } else {
                t += counts[medium++];
            }
        }
        return left;
    }

    /** Without an image token of the model's own, the texts between media are encoded one by one. */
    private int[] encode(String text) {
        boolean start = !style.isStarted(text);
        if (mediumId != OWN_ID) {
            return tokenizer.encode(text, start);
        }
        IntStream ids = IntStream.empty();
        int from = 0;
        for (int at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, from)) {
            ids = IntStream.concat(ids, Arrays.stream(tokenizer.encode(text.substring(from, at), start && from == 0)));
            ids = IntStream.concat(ids, IntStream.of(OWN_ID));
            from = at + mark.length();
        }
        return IntStream.concat(ids, Arrays.stream(tokenizer.encode(text.substring(from), start && from == 0)))
                .toArray();
    }
}
