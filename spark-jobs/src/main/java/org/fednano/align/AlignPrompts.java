package org.fednano.align;

import java.util.Arrays;
import org.fednano.prompt.PromptIds;
import org.fednano.prompt.PromptStyle;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.prompt.TokenizerFile;
import org.fednano.sample.Sample;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/** Prompts and answers as token ids, by the model's own template and tokenizer: what clients will make of the same rows. */
final class AlignPrompts implements AutoCloseable {

    private final PromptTokenizer tokenizer;
    private final PromptIds ids;
    private final String identity;
    private final String modality;
    private final int tokens; // N
    private final int most;

    /** @param tokens N: of each medium */
    AlignPrompts(HfModelFolder model, Settings settings, int tokens) {
        PromptStyle style = PromptStyle.of(model, settings);
        String json = TokenizerFile.of(model).json();
        tokenizer = new PromptTokenizer(json, style);
        ids = new PromptIds(model.config(), json, style, tokenizer);
        identity = style.identity();
        modality = settings.get(AlignKeys.MODALITY);
        most = settings.get(ModelKeys.MAX_PROMPT_TOKENS);
        this.tokens = tokens;
    }

    /** What prompts depend on besides the model. */
    String identity() {
        return identity;
    }

    /**
     * A sample without its features.
     *
     * @param places of its media
     * @throws JobException with status 3 if it has no medium, one of another modality, or no place for it in its prompt
     */
    AlignSample sample(Sample sample, int[] places) {
        int[] counts = new int[places.length];
        Arrays.fill(counts, tokens);
        int[] prompt = ids.of(sample, counts);
        if (prompt.length > most) {
            prompt = Arrays.copyOf(prompt, ids.cut(sample, prompt, counts, most));
        }
        int[] marked = Arrays.stream(prompt)
                .map(id -> id == ids.mediumId() ? AlignSample.MEDIUM : id)
                .toArray();
        long media =
                Arrays.stream(marked).filter(id -> id == AlignSample.MEDIUM).count();
        if (media != (long) places.length * tokens) {
            throw JobException.badInput("The prompt of sample " + sample.sampleId() + " must hold the " + tokens
                    + " tokens of each of its " + places.length + " media: found " + media
                    + " in all. Put {image} into prompt.template, or raise prompt.max_tokens (" + most + ").");
        }
        return new AlignSample(
                marked,
                places,
                ids.ofAnswer(sample.answer()),
                sample.choices().stream().map(ids::ofAnswer).toArray(int[][]::new),
                sample.answerIndex());
    }

    /** Checks what a sample is about, before it is encoded. */
    void require(Sample sample) {
        if (sample.answer().isBlank()) {
            throw JobException.badInput("Sample " + sample.sampleId() + " of client " + sample.clientId()
                    + " must have a caption (its answer): found an empty one. Leave the row out, or correct it.");
        }
        boolean fits = !sample.media().isEmpty()
                && sample.media().stream().allMatch(m -> m.modality().equals(modality));
        if (!fits) {
            throw JobException.badInput("Sample " + sample.sampleId() + " of client " + sample.clientId()
                    + " must have media of modality '" + modality + "' only, at least one: found "
                    + sample.media().stream().map(m -> m.modality()).toList()
                    + ". Leave the row out of align.shards, or change align.modality.");
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
