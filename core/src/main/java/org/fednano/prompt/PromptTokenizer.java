package org.fednano.prompt;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.settings.JobException;

/** The model's own tokenizer, from {@code tokenizer.json}. May be called from many threads. */
public final class PromptTokenizer implements AutoCloseable {

    private final HuggingFaceTokenizer tokenizer;
    private final PromptStyle.Start start;
    private final int startId; // −1: no start token of its own

    /** Just what {@code tokenizer.json} says. */
    public PromptTokenizer(String tokenizerJson) {
        this(tokenizerJson, PromptStyle.plain(""));
    }

    /**
     * @param tokenizerJson text of {@code tokenizer.json}
     * @param style who decides on the start token
     * @throws JobException with status 3 if it is not one
     */
    public PromptTokenizer(String tokenizerJson, PromptStyle style) {
        start = style.start();
        startId = start == PromptStyle.Start.TOKENIZER
                ? -1
                : TokenizerFile.parse(tokenizerJson)
                        .id(style.specialTokens().getOrDefault("bos_token", "<s>"))
                        .orElse(-1);
        // Never cut or padded silently: prompt.max_tokens decides, and counts.
        Map<String, String> options = Map.of("truncation", "false", "padding", "false");
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(tokenizerJson.getBytes(StandardCharsets.UTF_8)), options);
        } catch (IOException | RuntimeException e) {
            throw JobException.badInput(
                    "tokenizer.json must be a Hugging Face tokenizer: it cannot be read (" + e.getMessage() + ").", e);
        }
    }

    /**
     * Token ids of a text.
     *
     * @param special whether the tokenizer adds its own special tokens, such as a start token
     */
    public int[] encode(String text, boolean special) {
        int[] ids = ids(text, special);
        if (!special || startId < 0) {
            return ids;
        }
        boolean started = ids.length > 0 && ids[0] == startId;
        return switch (start) {
            case TOKENIZER -> ids;
            case NEVER -> started ? ids(text, false) : ids;
            case ALWAYS -> started
                    ? ids
                    : IntStream.concat(IntStream.of(startId), Arrays.stream(ids))
                            .toArray();
        };
    }

    private int[] ids(String text, boolean special) {
        return Arrays.stream(tokenizer.encode(text, special, false).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    /** Text of token ids, special tokens left out. */
    public String decode(int[] ids) {
        return tokenizer
                .decode(Arrays.stream(ids).asLongStream().toArray(), true)
                .strip();
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
